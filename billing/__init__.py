"""Stripe: checkout, portal, webhook. It speaks to accounts only."""
