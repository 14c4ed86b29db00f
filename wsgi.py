"""The WSGI entry: what a production server imports."""

import gc
import sys

from supply.app import create_app
from supply.config import SettingsError

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"Supply does not start. {error}")
# What was made so far lives as long as the process; the collector need not walk through it again and again.
gc.collect()
gc.freeze()
# A request makes thousands of objects and hardly a circle: they are looked for less often.
gc.set_threshold(20_000, 20, 50)
