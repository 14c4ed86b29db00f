"""Things somebody should look at: a shortfall to count, an incident. Opened by whoever notices."""
