"""Stand-ins for the outside world on one machine."""
