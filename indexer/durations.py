"""Durations as Elasticsearch writes them."""

from __future__ import annotations

import re
from typing import Any

from .errors import InvalidRequest


def parse_interval(value: Any) -> float:
    """Seconds of "1s", "500ms", "2m", "-1" (never) or a number; InvalidRequest."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)(ms|s|m|h|d)?", str(value))
    if not found:
        raise InvalidRequest(f"failed to parse setting [index.refresh_interval] with value [{value}] as a time value")
    unit = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}[found[2]]
    return float(found[1]) * unit
