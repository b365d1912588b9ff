"""Field types: what a field is, and how a JSON value becomes a typed one.

Each type turns one JSON scalar into the value that is indexed, and says "no" with a sentence.
Dates are milliseconds since the epoch, as in Elasticsearch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .dates import parse_date
from .errors import InvalidDocument

__all__ = ["FLOATS", "INTEGERS", "TEXT", "TEXT_SIMILARITIES", "TYPES", "VECTOR_SIMILARITIES", "Field", "parse_date"]

TEXT = frozenset({"text", "semantic_text"})
INTEGERS = {"long": 63, "integer": 31, "short": 15, "byte": 7}
FLOATS = frozenset({"double", "float", "half_float"})
_TOO_LARGE = {"double": math.inf, "float": 2.0**128 - 2.0**103, "half_float": 65520.0}  # what rounds to infinity
TYPES = frozenset({*TEXT, "keyword", *INTEGERS, *FLOATS, "date", "boolean", "dense_vector", "object", "completion"})
TEXT_SIMILARITIES = ("BM25", "BM25Plus", "BM25L", "TFIDF")
VECTOR_SIMILARITIES = ("cosine", "dot_product", "l2_norm")


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
    def has_values(self) -> bool:
        """Whether documents can be sorted, grouped and counted by its values: texts, vectors and completions have
        none of that kind."""
        return not self.is_text and self.type not in ("dense_vector", "completion")

    @property
    def searchable(self) -> bool:
        """Whether questions may ask for its values: a text field needs its index, others may use doc values."""
        if self.params.get("index", True):
            return True
        return not self.is_text and self.type != "dense_vector" and bool(self.params.get("doc_values", True))

    @property
    def analyzer(self) -> str:
        """The analyzer of its values; a completion field without one folds characters only."""
        return str(self.params.get("analyzer", "default"))

    @property
    def search_analyzer(self) -> str:
        return str(self.params.get("search_analyzer", self.analyzer))

    @property
    def normalizer(self) -> str | None:
        """The normalizer of a keyword field."""
        return self.params.get("normalizer")

    @property
    def similarity(self) -> str:
        return str(self.params.get("similarity", "BM25"))

    @property
    def empty_is_null(self) -> bool:
        """Whether an empty string is no value, as `coerce` has it for numbers."""
        return (self.type in INTEGERS or self.type in FLOATS) and bool(self.params.get("coerce", True))

    @property
    def copy_to(self) -> tuple[str, ...]:
        """The fields that take this one's values too."""
        targets = self.params.get("copy_to", ())
        return (targets,) if isinstance(targets, str) else tuple(targets)

    def to_dict(self) -> dict[str, Any]:
        return {"type": self.type, **self.params}

    def convert(self, value: Any) -> Any:
        """The typed value of one JSON scalar; ValueError (a sentence) when it cannot be one."""
        return _CONVERT[self.type](self, value)

    @property
    def converter(self) -> Callable[[Field, Any], Any]:
        return _CONVERT[self.type]


def _text(_: Field, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise ValueError(f"cannot index {'an object' if isinstance(value, dict) else 'an array'} as text")


def parse_number(text: str) -> int | float:
    """A number as written, whole ones exactly; ValueError."""
    try:
        return int(text) if re.fullmatch(r"\s*[+-]?\d{1,400}\s*", text) else float(text)
    except ValueError:
        raise ValueError(f"[{text}] is not a number") from None


def _integer(spec: Field, value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is a boolean, not a number")
    if not spec.params.get("coerce", True):
        if isinstance(value, str):
            raise ValueError(f"[{value}] is a string and [coerce] is false")
        if isinstance(value, float) and value != int(value):
            raise ValueError(f"[{value}] has a decimal part and [coerce] is false")
    if isinstance(value, str):
        value = parse_number(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"[{value}] is not a finite number")
        value = int(value)  # Elasticsearch's coerce: the fraction is cut off
    if not isinstance(value, int):
        raise ValueError(f"[{value}] is not a number")
    bits = INTEGERS[spec.type]
    if not -(1 << bits) <= value < (1 << bits):
        raise ValueError(f"[{value}] is out of range for the type {spec.type}")
    return value


def _double(spec: Field, value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError(f"[{value}] is a boolean, not a number")
    if isinstance(value, str) and not spec.params.get("coerce", True):
        raise ValueError(f"[{value}] is a string and [coerce] is false")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    except (TypeError, ValueError):
        raise ValueError(f"[{value}] is not a number") from None
    if not abs(number) < _TOO_LARGE[spec.type]:
        raise ValueError(f"[{spec.type}] supports only finite values, but got [{value}]")
    return number


def _boolean(_: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false", ""):
        return bool(value == "true")
    raise ValueError(f"[{value}] is not a boolean: only true and false are")


def _date(spec: Field, value: Any) -> int:
    return parse_date(value, spec.params.get("format"))


_MAX_WEIGHT = (1 << 31) - 1


def completion_inputs(spec: Field, value: Any) -> list[tuple[str, int]]:
    """(input, weight) of one value of a completion field: a string, or `{"input": …, "weight": …}`.

    Raises ValueError (a sentence).
    """
    if isinstance(value, str):
        value = {"input": value}
    if not isinstance(value, dict):
        raise ValueError(f"[{value}] is neither a string nor an object with [input] and [weight]")
    for key in value:
        if key == "contexts":
            raise ValueError("[contexts] are not supported; filter with a field of its own")
        if key not in ("input", "weight"):
            raise ValueError(f"unknown field name [{key}], must be one of [input, weight]")
    inputs = value.get("input", [])
    inputs = [inputs] if isinstance(inputs, str) else inputs
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, str) and one for one in inputs):
        raise ValueError("[input] must be a string, or a list of strings, that are not empty")
    weight = value.get("weight", 1)
    if isinstance(weight, str) and re.fullmatch(r"\d{1,10}", weight, re.ASCII):
        weight = int(weight)
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= _MAX_WEIGHT:
        raise ValueError(f"[weight] must be an integer from 0 to {_MAX_WEIGHT}, not [{weight}]")
    longest = spec.params.get("max_input_length", 50)
    return [(one[:longest], weight) for one in inputs]


_CONVERT: dict[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "semantic_text": _text,
    "keyword": _text,
    "date": _date,
    "boolean": _boolean,
    "completion": completion_inputs,
    **dict.fromkeys(INTEGERS, _integer),
    **dict.fromkeys(FLOATS, _double),
}


def vector_of(spec: Field, value: Any) -> list[float]:
    """The numbers of a dense_vector field; InvalidDocument."""
    dims = spec.params["dims"]
    if not isinstance(value, list) or len(value) != dims:
        raise InvalidDocument(f"failed to parse field [{spec.path}] of type [dense_vector]: expected {dims} numbers")
    try:
        vector = [float(x) for x in value if isinstance(x, int | float) and not isinstance(x, bool)]
    except OverflowError:
        vector = []
    if len(vector) != dims or not all(abs(x) < 3.4e38 for x in vector):
        raise InvalidDocument(
            f"failed to parse field [{spec.path}] of type [dense_vector]: expected {dims} finite numbers"
        )
    if spec.params.get("similarity", "cosine") != "l2_norm":
        square = sum(x * x for x in vector)
        if square == 0.0 and spec.params.get("similarity", "cosine") == "cosine":
            raise InvalidDocument(f"field [{spec.path}]: cosine similarity has no value for a vector of zeros")
        if spec.params.get("similarity") == "dot_product" and abs(square - 1.0) > 1e-3:
            raise InvalidDocument(
                f"field [{spec.path}]: dot_product needs vectors of length 1; normalise or use cosine"
            )
    return vector
