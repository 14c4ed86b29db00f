"""Whether the planned visits can be done with what there is, and what to do where they cannot."""
