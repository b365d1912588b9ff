"""The service: gunicorn around the application, as `quarry serve` runs it."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from settings import Settings, get_settings


class Server(BaseApplication):
    """gunicorn with Quarry's configuration, without gunicorn's command line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        from api import gunicorn_config

        for name, value in gunicorn_config.configuration(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        # Imported in each worker, after the fork: connections and threads must be its own.
        from wsgi import app

        return app


def serve(settings: Settings) -> None:
    """Serve `settings.data` at `settings.host`:`settings.port` until the process is told to stop."""
    export(settings)
    Server(settings).run()


def export(settings: Settings) -> None:
    """Put settings that were passed in code into the environment, where the workers read theirs."""
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if value is None:
            continue
        secret = getattr(value, "get_secret_value", None)
        os.environ[f"QUARRY_{name.upper()}"] = str(secret() if secret is not None else value)
    get_settings.cache_clear()  # the workers inherit what was read before as well
