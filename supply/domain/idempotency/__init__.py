"""Keys that make a write safe to repeat: stored with the effect, answered again from the store."""
