"""The WSGI entry: what a production server imports."""

import sys

from supply.app import create_app
from supply.config import SettingsError
from supply.memory import settle

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"Supply does not start. {error}")
settle()
