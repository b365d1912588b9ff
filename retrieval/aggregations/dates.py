"""Dates in an aggregation's definition: texts with date math, read in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import Any

import numpy as np

from indexer import InvalidRequest

from ..query.range import date_bound
from .rounding import instants, offsets

_FURTHEST = 1 << 60  # milliseconds from 1970
_ABSOLUTE = re.compile(r"-?\d{5,}|.*(Z|[+-]\d{2}:?\d{2})", re.DOTALL)


def date_value(value: Any, pattern: str | None, now_ms: int, zone: tzinfo = UTC) -> int:
    """Milliseconds of `2024-01-01`, `now-1d/d` or `2024-01-01||+1M/d`; InvalidRequest.

    A text without an offset of its own is local time of `zone`, and date math rounds to local units.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < _FURTHEST:
            raise InvalidRequest(f"failed to parse date field [{value}]: it is too far from now")
        return int(value)
    text = str(value)
    anchor = text.split("||")[0]
    try:
        if zone is UTC or (not anchor.startswith("now") and _ABSOLUTE.fullmatch(anchor)):
            return date_bound(value, pattern, now_ms, False)
        local_now = now_ms + int(offsets(zone, np.array([now_ms]))[0])
        return int(instants(zone, np.array([date_bound(value, pattern, local_now, False)]))[0])
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"failed to parse date field [{text}]: {error}") from None
