"""The capabilities. Nothing in here knows HTTP: services take a session and an actor."""
