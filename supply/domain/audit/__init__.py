"""Who changed which field of what, before and after. Only added to; the database itself refuses more."""
