"""The gunicorn entry: `app` serves the data directory that the settings name."""

from __future__ import annotations

from api.app import create_app
from indexer import Node
from settings import get_settings

app = create_app(Node(get_settings()), get_settings())
