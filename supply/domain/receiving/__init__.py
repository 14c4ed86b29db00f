"""Deliveries: what came in, with and without an order; corrections as far as the use allows."""
