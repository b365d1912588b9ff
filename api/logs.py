"""Structured logs: one JSON object a line on standard error; never bodies, never keys."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from gunicorn.config import Config  # type: ignore[import-untyped]


def configure(level: str) -> None:
    """Send structlog's and the standard library's records through one JSON renderer."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_line),
            ],
        )
    )
    # Tells at every start which processor features it found.
    logging.getLogger("faiss.loader").setLevel(logging.WARNING)
    logging.getLogger("gensim").setLevel(logging.WARNING)  # tells every step of a training
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def _line(event: dict[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


class ServerLogger(Logger):
    """gunicorn's own messages in the same form; requests are logged by the application."""

    def setup(self, cfg: Config) -> None:
        configure(cfg.loglevel)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        if isinstance(sys.exc_info()[1], TimeoutError):
            self.info("a client fell silent; its connection is closed")
        else:
            super().exception(msg, *args, **kwargs)

    def access(self, *_: Any) -> None:
        """Nothing: the application has logged the request, with its route and its time."""
