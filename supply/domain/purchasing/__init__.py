"""Reorder flags, requisitions, approval, purchase orders."""
