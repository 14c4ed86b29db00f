"""Planning what to order: the policy's inputs read from the books, its answers kept as flags and notices."""
