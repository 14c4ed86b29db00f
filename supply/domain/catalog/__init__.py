"""The catalogue: items, their units, categories, search. Reference data that no completion writes."""
