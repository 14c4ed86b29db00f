"""Transfers: stock from branch to branch, and from place to place within one."""
