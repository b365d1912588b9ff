"""Field types: what a mapping may say of a field, and how a JSON value becomes a typed one.

Each type turns one JSON scalar into the value that is indexed, and says "no" with a sentence.
Dates are milliseconds since the epoch, as in Elasticsearch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TEXT = frozenset({"text", "semantic_text"})
INTEGERS = {"long": 63, "integer": 31, "short": 15, "byte": 7}
FLOATS = frozenset({"double", "float", "half_float"})
TYPES = frozenset({*TEXT, "keyword", *INTEGERS, *FLOATS, "date", "boolean", "dense_vector", "object"})

_COMMON = {"type", "fields", "copy_to", "index", "store", "doc_values", "null_value", "meta", "boost"}
PARAMETERS = {
    "text": {
        "analyzer", "search_analyzer", "similarity", "norms", "index_options", "term_vector",
        "position_increment_gap", "fielddata",
    },
    "semantic_text": {"analyzer", "search_analyzer", "similarity", "inference_id", "model", "vectors", "title"},
    "keyword": {"ignore_above", "normalizer", "norms", "similarity", "eager_global_ordinals"},
    "date": {"format", "ignore_malformed", "locale"},
    "boolean": {"ignore_malformed"},
    "dense_vector": {"dims", "similarity", "element_type", "index_options"},
    "object": {"properties", "dynamic", "enabled"},
    **{name: {"coerce", "ignore_malformed"} for name in (*INTEGERS, *FLOATS)},
}  # fmt: skip
_SHAPES: dict[type, tuple[str, ...]] = {
    str: ("analyzer", "search_analyzer", "similarity", "format", "inference_id", "model", "vectors", "title",
          "element_type", "normalizer", "locale", "term_vector"),
    bool: ("index", "store", "doc_values", "norms", "coerce", "ignore_malformed", "enabled", "fielddata"),
    int: ("ignore_above", "dims", "position_increment_gap"),
    dict: ("fields", "properties", "meta"),
}  # fmt: skip
SHAPES = {name: kind for kind, names in _SHAPES.items() for name in names}
TEXT_SIMILARITIES = ("BM25", "BM25Plus", "BM25L", "TFIDF")
VECTOR_SIMILARITIES = ("cosine", "dot_product", "l2_norm")
_JAVA = (
    ("yyyy", "%Y"), ("uuuu", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S"),
    ("SSS", "%f"), ("XXX", "%z"), ("'T'", "T"), ("'Z'", "Z"),
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One field of a mapping: its full dotted path, its type and its parameters."""

    path: str
    type: str
    params: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None  # the path of the field whose multi-field this is
    """For a multi-field the values come from `parent`."""

    @property
    def source(self) -> str:
        """The path in the document that this field's values come from."""
        return self.parent or self.path

    @property
    def is_text(self) -> bool:
        return self.type in TEXT

    @property
    def analyzer(self) -> str:
        return str(self.params.get("analyzer", "multilingual"))

    @property
    def search_analyzer(self) -> str:
        return str(self.params.get("search_analyzer", self.analyzer))

    @property
    def similarity(self) -> str:
        return str(self.params.get("similarity", "BM25"))

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, **self.params}

    def convert(self, value: Any) -> Any:
        """The typed value of one JSON scalar; ValueError (a sentence) when it cannot be one."""
        return _CONVERT[self.type](self, value)

    @property
    def converter(self) -> Callable[[Field, Any], Any]:
        return _CONVERT[self.type]


def parse_date(value: Any, formats: str | None = None) -> int:
    """Milliseconds since the epoch of an ISO 8601 string, epoch milliseconds, or one of `formats`.

    `formats` is Elasticsearch's: alternatives parted by `||`; without it
    `strict_date_optional_time||epoch_millis`.
    """
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is not a date")
    for name in (formats or "strict_date_optional_time||epoch_millis").split("||"):
        moment = _try_date(value, name)
        if moment is not None:
            return moment
    wanted = formats or "ISO 8601 or epoch milliseconds"
    raise ValueError(f"[{value}] is not a date in the format [{wanted}]")


def _try_date(value: Any, name: str) -> int | None:
    text = str(value)
    if name in ("epoch_millis", "epoch_second"):
        if re.fullmatch(r"-?\d{1,15}", text) and (isinstance(value, int) or len(text) > 4):
            return int(text) * (1000 if name == "epoch_second" else 1)
        return None
    if not isinstance(value, str):
        return None
    try:
        if name.removeprefix("strict_") in ("date_optional_time", "date_time", "date", "date_time_no_millis"):
            if re.fullmatch(r"\d{4}", text):
                moment = datetime(int(text), 1, 1, tzinfo=UTC)
            elif re.fullmatch(r"\d{4}-\d{2}", text):
                moment = datetime(int(text[:4]), int(text[5:]), 1, tzinfo=UTC)
            elif re.match(r"\d{4}-\d{2}-\d{2}", text):
                moment = datetime.fromisoformat(text)
            else:
                return None
        else:
            pattern = name
            for java, python in _JAVA:
                pattern = pattern.replace(java, python)
            moment = datetime.strptime(text, pattern)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _text(_: Field, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(f"cannot index an {type(value).__name__} as text")


def _integer(spec: Field, value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is a boolean, not a number")
    if isinstance(value, str):
        try:
            value = int(value) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else float(value)
        except ValueError:
            raise ValueError(f"[{value}] is not a number") from None
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"[{value}] is not a finite number")
        value = int(value)  # Elasticsearch's coerce: the fraction is cut off
    bits = INTEGERS[spec.type]
    if not isinstance(value, int) or not -(1 << bits) <= value < (1 << bits):
        raise ValueError(f"[{value}] is out of range for a {spec.type}")
    return value


def _double(_: Field, value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is a boolean, not a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"[{value}] is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"[{value}] is not a finite number")
    return number


def _boolean(_: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false", ""):
        return bool(value == "true")
    raise ValueError(f"[{value}] is not a boolean: only true and false are")


def _date(spec: Field, value: Any) -> int:
    return parse_date(value, spec.params.get("format"))


_CONVERT: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "semantic_text": _text,
    "keyword": _text,
    "date": _date,
    "boolean": _boolean,
    **dict.fromkeys(INTEGERS, _integer),
    **dict.fromkeys(FLOATS, _double),
}
