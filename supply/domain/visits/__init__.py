"""Visits, their steps, and what each completed step used."""
