"""Stand-ins for the outside world on one machine: payments (Stripe's API), a sign-in provider, Amazon's services."""
