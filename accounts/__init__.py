"""People: users, their plan, their preferences and what the service tells them."""
