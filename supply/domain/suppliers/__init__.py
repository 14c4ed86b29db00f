"""Suppliers and their terms per item."""
