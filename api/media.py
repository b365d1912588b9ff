"""Content negotiation: what a body says it is, and what the client wants back.

Elasticsearch's clients send ``application/vnd.elasticsearch+json; compatible-with=9``: the answer
carries the same type. Plain ``application/json`` is answered by plain JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from api.errors import UnsupportedMediaType

COMPATIBLE = ("8", "9")
_VENDOR = re.compile(r"application/vnd\.elasticsearch\+(\w[\w.+-]*)")
_JSON = {"application/json", "json"}
_NDJSON = {"application/x-ndjson", "x-ndjson"}
_UNSUPPORTED = ("yaml", "cbor", "smile", "vnd.mapbox-vector-tile", "arrow")


@dataclass(frozen=True)
class MediaType:
    """One media type: its essence in lower case, and the version that a vendor type asks for."""

    essence: str
    version: str | None = None

    @property
    def short(self) -> str:
        """`json`, `x-ndjson` … for a vendor type, the essence otherwise."""
        vendor = _VENDOR.fullmatch(self.essence)
        return vendor.group(1) if vendor else self.essence


def parse(header: str) -> MediaType:
    """The media type of one header value (the first of a list); parameters but the version dropped."""
    essence, *parameters = [part.strip() for part in header.split(",")[0].split(";")]
    version = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "compatible-with":
            version = value.strip().strip('"')
    return MediaType(essence.lower(), version)


def check_content_type(header: str | None, ndjson: bool) -> None:
    """Refuse a body of a type that the route cannot read, as Elasticsearch does: with 406."""
    if not header:
        raise UnsupportedMediaType(
            "Content-Type header is missing; send [Content-Type: "
            f"{'application/x-ndjson' if ndjson else 'application/json'}]"
        )
    media = parse(header)
    _check_version(media, "Content-Type")
    known = _JSON | _NDJSON if ndjson else _JSON
    if media.short not in known:
        wanted = "application/x-ndjson or application/json" if ndjson else "application/json"
        raise UnsupportedMediaType(f"Content-Type header [{header}] is not supported; send {wanted}")


def answer_type(accept: str | None, plain: str = "application/json") -> str:
    """The Content-Type of a JSON answer to a request with this Accept header."""
    if not accept:
        return plain
    media = parse(accept)
    if _VENDOR.fullmatch(media.essence):
        _check_version(media, "Accept")
        if media.short in _JSON | _NDJSON:
            return f"application/vnd.elasticsearch+json;compatible-with={media.version}"
    if any(part in media.essence for part in _UNSUPPORTED):
        raise UnsupportedMediaType(f"Accept header [{accept}] is not supported; ask for application/json")
    return plain


def wants(accept: str | None, essence: str) -> bool:
    """Whether an Accept header names this media type ahead of JSON."""
    for part in (accept or "").split(","):
        media = parse(part)
        if media.short == essence:
            return True
        if media.short in _JSON:
            return False
    return False


def _check_version(media: MediaType, header: str) -> None:
    if _VENDOR.fullmatch(media.essence) and media.version not in COMPATIBLE:
        raise UnsupportedMediaType(
            f"Invalid media-type value on header [{header}]: this API is compatible with "
            f"versions {' and '.join(COMPATIBLE)} of Elasticsearch's, not [{media.version}]"
        )
