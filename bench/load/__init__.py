"""Many people at once on one machine: `make load`. See ``__main__``."""
