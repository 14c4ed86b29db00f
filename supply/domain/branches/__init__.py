"""Branches, their storage locations and their treatment rooms."""
