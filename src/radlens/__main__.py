"""``python -m radlens`` is ``radlens``."""

from radlens.cli.app import app

app()
