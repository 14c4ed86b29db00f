"""What the shelf says against the book: opening stock, adjustments, counts of an item, stocktakes of many."""
