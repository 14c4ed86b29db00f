"""Procedures, their versioned recipes, packages, and the conditions that warn."""
