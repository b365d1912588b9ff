"""The route table: one entry a path and method, from which the application and its description are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel
from werkzeug.routing import BaseConverter, PathConverter

from api.parameters import COMMON, Parameter

if TYPE_CHECKING:
    from api.call import Call

Handler = Callable[["Call"], Any]
_MARK, _SLASH, _ITSELF = "\x1f", "\x1fs", "\x1fm"


@dataclass(frozen=True)
class Route:
    """One thing that the API does.

    `rule` is Werkzeug's form of the path. `body` is the shape of a JSON body (None: no body is read),
    `ndjson` marks a body of lines. The handler takes a :class:`api.call.Call` and returns what
    :func:`api.render.render` takes.
    """

    methods: tuple[str, ...]
    rule: str
    handler: Handler
    summary: str
    tag: str
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    ndjson: bool = False
    produces: str = "application/json"
    known: Mapping[str, Parameter] = field(init=False)

    def __post_init__(self) -> None:
        known = {parameter.name: parameter for parameter in (*COMMON, *self.parameters)}
        object.__setattr__(self, "known", known)

    @property
    def name(self) -> str:
        """A name that is unique in the table, for metrics and as OpenAPI's operationId."""
        path = re.sub(r"<\w+:", "<", self.rule).strip("/") or "root"
        words = path.replace("/", "_").replace("<", "").replace(">", "").replace(".", "_")
        return f"{self.methods[0].lower()}_{words.strip('_')}".replace("__", "_")


class DocumentId(BaseConverter):
    """A path segment that may hold an escaped slash: document ids such as `a%2Fb`."""

    part_isolating = True

    def to_python(self, value: str) -> str:
        return value.replace(_SLASH, "/").replace(_ITSELF, _MARK)


class PageFile(PathConverter):
    """The path of a file of the search page; what begins with an underscore belongs to the index of that name."""

    regex = "[^/_].*?"


def keep_escaped_slashes(environ: dict[str, Any]) -> None:
    """Let ids that hold `%2F` reach their route as one segment.

    A WSGI server decodes the path before routing, and then a slash inside an id cannot be told from
    one between segments. Where the raw path shows such ids, PATH_INFO is made again from it, each
    escaped slash marked; :class:`DocumentId` turns the marks back.
    """
    raw = environ.get("RAW_URI", "").partition("?")[0]
    lowered = raw.lower()
    if "%2f" not in lowered and "%1f" not in lowered:
        return
    if raw.startswith(("http://", "https://")):
        raw = "/" + raw.split("/", 3)[3]
    segments = [_decoded(segment) for segment in raw.split("/")]
    environ["PATH_INFO"] = "/".join(segments)


def _decoded(segment: str) -> str:
    """One raw segment percent-decoded to WSGI's latin-1 form, with slashes and marks escaped."""
    text = unquote_to_bytes(segment).decode("latin-1")
    return text.replace(_MARK, _ITSELF).replace("/", _SLASH)
