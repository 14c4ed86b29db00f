"""What must leave the house: written with its cause, sent after the commit, tried again until it is gone."""
