"""Supply: what came in, what each treatment step used, what is left, what to order."""

__version__ = "0.1.0"
