"""People, the roles they hold per branch, their sign-ins and their API tokens."""
