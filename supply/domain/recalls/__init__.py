"""Recalls: a supplier's lot number blocked in one action everywhere, and everything that became of it."""
