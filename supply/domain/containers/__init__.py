"""Opened containers: opening, topping up, moving, weighing, finishing."""
