"""Preparation: what the spa brews from herbs, by which recipe, and the batches that came of it."""
