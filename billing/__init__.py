"""Money: Stripe's checkout, portal and webhook. It speaks to accounts alone, and changes a plan through set_plan()."""
