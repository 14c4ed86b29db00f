"""The WSGI entry: what a production server imports."""

from supply.app import create_app

app = create_app()
