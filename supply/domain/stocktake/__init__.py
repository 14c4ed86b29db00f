"""Opening stock, counts of a single item, adjustments."""
