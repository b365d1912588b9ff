"""Which names indices and aliases may have: Elasticsearch's rules."""

from __future__ import annotations

import re

from .admin_errors import InvalidAliasName
from .errors import InvalidIndexName

_FORBIDDEN = re.compile(r'[\\/*?"<>| ,#:\x00-\x1f]')
_RULES = (
    "must not start with '_', '-', '+' or '.', be longer than 255 bytes, or "
    'contain spaces or any of \\ / * ? " < > | , # :'
)


def is_name(name: str) -> bool:
    """Whether a folder, and so an index, may be called so (case aside)."""
    return (
        bool(name)
        and not _FORBIDDEN.search(name)
        and name[0] not in "-_+."
        and len(name.encode("utf-8", "replace")) <= 255
    )


def check_name(name: str) -> None:
    """InvalidIndexName unless `name` may name an index."""
    if name != name.lower():
        raise InvalidIndexName(f"Invalid index name [{name}], must be lowercase", index=name)
    if not is_name(name):
        raise InvalidIndexName(f"Invalid index name [{name}], {_RULES}", index=name)


def check_alias_name(name: str) -> None:
    """InvalidAliasName unless `name` may name an alias; capitals are allowed, as in Elasticsearch."""
    if not is_name(name):
        raise InvalidAliasName(f"Invalid alias name [{name}], {_RULES}")
