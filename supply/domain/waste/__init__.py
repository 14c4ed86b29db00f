"""Waste: what was thrown away, why, and what it cost."""
