"""The capabilities of a spa's stock. Nothing here knows HTTP, and nothing commits.

All tables are known before any statement over them is made: a foreign key takes its type from the column
that it points to, so a statement made too early would bind ids without one.
"""

from supply.domain import models as models
