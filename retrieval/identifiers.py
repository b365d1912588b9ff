"""Identifiers that carry what they stand for: the same in every worker process."""

from __future__ import annotations

import base64


def packed(data: bytes) -> str:
    """Bytes as text that may stand in an address."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpacked(identifier: str) -> bytes:
    """The bytes again; ValueError."""
    return base64.urlsafe_b64decode(identifier + "=" * (-len(identifier) % 4))
