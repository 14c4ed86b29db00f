"""Tests, laid out like the program: one word finds a capability everywhere."""
