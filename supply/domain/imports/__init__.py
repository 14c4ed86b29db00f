"""Import and export: tables of other programs read, planned, applied as a whole, taken back, written out."""
