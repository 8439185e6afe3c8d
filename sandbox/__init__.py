"""Stand-ins for the outside world on one machine: a payment provider that speaks Stripe's API, a sign-in provider."""
