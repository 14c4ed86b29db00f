"""Labels of lots and opened containers, and reading what is printed: ours, and other people's codes."""
