"""The search page: static files of `api/ui`, with the right types, an ETag and a strict policy."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Request, Response
from werkzeug.security import safe_join

from api.errors import ResourceMissing

FOLDER = Path(__file__).parent / "ui"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TYPES = {
    ".html": "text/html; charset=UTF-8",
    ".css": "text/css; charset=UTF-8",
    ".js": "text/javascript; charset=UTF-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=UTF-8",
}


def search_page(request: Request) -> Response:
    """`index.html`."""
    return static_file(request, "index.html")


def static_file(request: Request, name: str, folder: Path = FOLDER) -> Response:
    """A file of the folder; 304 when the client has it already. ResourceMissing when there is none."""
    found = safe_join(str(folder), name)
    path = Path(found) if found is not None else None
    if path is None or not path.is_file() or path.suffix not in TYPES:
        raise ResourceMissing(f"there is no file [{name}] here")
    data, tag = _content(path, path.stat().st_mtime_ns)
    return secured(request, data, TYPES[path.suffix], tag)


def secured(request: Request, data: bytes, content_type: str, tag: str) -> Response:
    """A page or a part of one, under the policy, revalidated at every visit."""
    response = Response(data, content_type=content_type)
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.make_conditional(request.environ)
    return response


@lru_cache(maxsize=64)
def _content(path: Path, modified: int) -> tuple[bytes, str]:
    """A file's bytes and tag; `modified` is part of the key, so that a changed file is read again."""
    data = path.read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:32]
