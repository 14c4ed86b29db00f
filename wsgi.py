"""The WSGI entry: what a production server imports."""

import gc
import multiprocessing
import signal
import sys

# What is made from here to settle() stays; looking through it again and again takes a third of the start.
gc.disable()
if multiprocessing.parent_process() is not None:
    # A worker of granian is born with its parent's handlers, which would swallow the order to stop while the
    # imports below go on; it serves its own once it is ready.
    for order in (signal.SIGINT, signal.SIGTERM):
        signal.signal(order, signal.SIG_DFL)

from supply.app import create_app
from supply.config import SettingsError
from supply.memory import settle

try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"Supply does not start. {error}")
settle()
