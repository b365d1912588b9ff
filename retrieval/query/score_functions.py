"""The functions of function_score: field_value_factor, random_score, and the decays."""

from __future__ import annotations

import math
import secrets
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer import InvalidRequest, ParsingError
from indexer.fields import Field, parse_number

from ..context import SearchContext
from .base import Explanation
from .dates import date_bound
from .numeric import first_values, numeric_field, pieces, reduced
from .options import choice, number
from .rewriting import remembered

_TIME = {"d": 86_400_000.0, "h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0, "micros": 1e-3, "nanos": 1e-6}
_MODIFIERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda v: v,
    "log": np.log10,
    "log1p": lambda v: np.log10(v + 1),
    "log2p": lambda v: np.log10(v + 2),
    "ln": np.log,
    "ln1p": np.log1p,
    "ln2p": lambda v: np.log1p(v + 1),
    "square": np.square,
    "sqrt": np.sqrt,
    "reciprocal": lambda v: 1.0 / v,
}
DECAYS = ("gauss", "exp", "linear")
NAMES = ("field_value_factor", "random_score", *DECAYS)


class ScoreFunction(ABC):
    """A number for each document, not negative."""

    @abstractmethod
    def values(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        """float64[n] of given documents; InvalidRequest where one has no value that can be used."""

    @abstractmethod
    def label(self, ctx: SearchContext) -> str:
        """The function in words."""

    def explain(self, ctx: SearchContext, doc: int) -> Explanation:
        """Its value of one document."""
        return Explanation(float(self.values(ctx, np.array([doc]))[0]), self.label(ctx))


@dataclass(frozen=True)
class Constant(ScoreFunction):
    """1, for a function that is a weight only."""

    def values(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        return np.ones(len(docs))

    def label(self, ctx: SearchContext) -> str:
        return "constant score 1.0"


@dataclass(frozen=True)
class FieldValueFactor(ScoreFunction):
    """modifier(factor * the field's smallest value)."""

    field: str
    factor: float = 1.0
    modifier: str = "none"
    missing: float | None = None

    def values(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        numeric_field(ctx, "field_value_factor", self.field, dates=True)
        values, known = first_values(ctx, self.field, docs)
        if not known.all():
            if self.missing is None:
                raise InvalidRequest(f"Missing value for field [{self.field}]; give [missing] for such documents")
            values[~known] = self.missing
        with np.errstate(all="ignore"):
            out = _MODIFIERS[self.modifier](values * self.factor)
        bad = ~np.isfinite(out) | (out < 0)
        if bad.any():
            raise InvalidRequest(
                f"field value function must not produce negative or infinite scores, but got: "
                f"[{out[bad][0]:g}] for field value [{values[bad][0]:g}]"
            )
        return np.asarray(out, np.float64)

    def label(self, ctx: SearchContext) -> str:
        return f"field value function: {self.modifier}(doc['{self.field}'].value * factor={self.factor:g})"


@dataclass(frozen=True)
class RandomScore(ScoreFunction):
    """Uniform in [0, 1): a hash of the seed and the field's value (default: the document's sequence number).

    Without a seed each request draws its own. Equal values of the field get equal numbers.
    """

    seed: int | None = None
    field: str = "_seq_no"

    def values(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        keys = self._keys(ctx, docs).astype(np.uint64)
        with np.errstate(over="ignore"):
            x = keys + np.uint64(self._seed(ctx) & (1 << 64) - 1) * np.uint64(0x9E3779B97F4A7C15)
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)  # splitmix64 (Steele et al. 2014)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x ^= x >> np.uint64(31)
        return (x >> np.uint64(40)).astype(np.float64) / (1 << 24)

    def _seed(self, ctx: SearchContext) -> int:
        return remembered(ctx, self, "seed", lambda: secrets.randbits(63) if self.seed is None else self.seed)

    def _keys(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        if self.field == "_seq_no":
            return ctx.view.seqs[docs]
        spec = ctx.field(self.field)
        if spec is None:
            raise InvalidRequest(f"field [{self.field}] is not mapped and cannot be used as a source of random numbers")
        if spec.type != "keyword":
            numeric_field(ctx, "random_score", self.field, dates=True)
            return first_values(ctx, self.field, docs)[0].view(np.uint64)
        out = np.zeros(len(docs), np.uint64)
        for piece in pieces(ctx, self.field, docs):
            if piece.column is not None:
                first = piece.column.first(-1)[piece.local]
                hashes = {int(o): zlib.crc32(piece.column.term(int(o))) for o in np.unique(first) if o >= 0}
                out[piece.at] = [hashes.get(int(o), 0) for o in first]
        return out

    def label(self, ctx: SearchContext) -> str:
        return f"random score function (seed: {self._seed(ctx)}, field: {self.field})"


@dataclass(frozen=True)
class Decay(ScoreFunction):
    """A bell, an exponential or a line that falls from 1 at the origin to `decay` at `scale` beyond `offset`.

    Documents without a value get 1.
    """

    shape: str
    field: str
    origin: Any
    scale: Any
    offset: Any = 0
    decay: float = 0.5
    mode: str = "min"

    def values(self, ctx: SearchContext, docs: np.ndarray) -> np.ndarray:
        spec = numeric_field(ctx, self.shape, self.field, dates=True)
        origin, scale, offset = self._numbers(ctx, spec)
        distance, known = reduced(
            ctx, self.field, docs, lambda v: np.maximum(0.0, np.abs(v - origin) - offset), self.mode
        )
        with np.errstate(over="ignore"):  # far beyond a tiny scale, where the functions are 0
            steps = distance / scale
            if self.shape == "gauss":
                out = np.exp(steps**2 * math.log(self.decay))
            elif self.shape == "exp":
                out = np.exp(steps * math.log(self.decay))
            else:
                out = np.maximum(0.0, 1.0 - steps * (1.0 - self.decay))
        out[~known] = 1.0
        return np.asarray(out, np.float64)

    def _numbers(self, ctx: SearchContext, spec: Field) -> tuple[float, float, float]:
        try:
            if spec.type == "date":
                origin = "now" if self.origin is None else self.origin
                moment = float(date_bound(origin, spec.params.get("format"), ctx.now_ms, False))
                found = (moment, milliseconds(self.scale), milliseconds(self.offset))
            else:
                if self.origin is None:
                    raise ValueError("[origin] must be given for a field of numbers")
                origin, scale, offset = (float(parse_number(str(v))) for v in (self.origin, self.scale, self.offset))
                found = (origin, scale, offset)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidRequest(f"[{self.shape}] of [{self.field}]: {error}") from None
        if not all(map(math.isfinite, found)) or found[1] <= 0 or found[2] < 0:
            raise InvalidRequest(f"[{self.shape}] of [{self.field}]: [scale] must be > 0 and [offset] >= 0")
        return found

    def label(self, ctx: SearchContext) -> str:
        return f"{self.shape} decay of field [{self.field}], scale {self.scale}, decay {self.decay:g}"


def milliseconds(value: Any) -> float:
    """Milliseconds of a time such as 10d; ValueError."""
    text = str(value)
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(digits) :]
    if text == "0":
        return 0.0
    if unit not in _TIME:
        raise ValueError(f"failed to parse [{value}] as a time value: give a unit, such as 10d, 12h, 30m")
    return float(digits) * _TIME[unit]


def parse_function(name: str, body: Any) -> ScoreFunction:
    """One function by its name; ParsingError."""
    if not isinstance(body, dict):
        raise ParsingError(f"[{name}] must be an object")
    if name in DECAYS:
        return _decay(name, body)
    known = {"field", "factor", "modifier", "missing"} if name == "field_value_factor" else {"seed", "field"}
    for key in body:
        if key not in known:
            raise ParsingError(f"{name} query does not support [{key}]")
    if name == "random_score":
        seed = body.get("seed")
        if isinstance(seed, str):
            seed = zlib.crc32(seed.encode())
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise ParsingError(f"random_score seed must be an int, long or string, not [{body['seed']}]")
        return RandomScore(seed, _path(name, body, "_seq_no"))
    missing = number(name, body, "missing", 0.0) if body.get("missing") is not None else None
    modifier = choice(name, body, "modifier", tuple(_MODIFIERS))
    return FieldValueFactor(_path(name, body, None), number(name, body, "factor", 1.0), modifier, missing)


def _path(name: str, body: dict[str, Any], default: str | None) -> str:
    path = body.get("field", default)
    if not isinstance(path, str):
        raise ParsingError(f"[{name}] required field 'field' missing")
    return path


def _decay(name: str, body: dict[str, Any]) -> Decay:
    mode = choice(name, {"multi_value_mode": body.get("multi_value_mode", "min")}, "multi_value_mode", _MODES)
    fields = [key for key in body if key != "multi_value_mode"]
    if len(fields) != 1 or not isinstance(body[fields[0]], dict):
        raise ParsingError(f"[{name}] needs one field with its [origin], [scale], [offset] and [decay]")
    spec = body[fields[0]]
    for key, value in spec.items():
        if key not in ("origin", "scale", "offset", "decay"):
            raise ParsingError(f"[{name}] does not support [{key}]")
        if isinstance(value, bool | dict | list):
            raise ParsingError(f"[{name}] [{key}] must be a number, a date or a time value")
    if spec.get("scale") is None:
        raise ParsingError(f"[{name}] both [scale] and [origin] must be set for fields of numbers; [scale] is missing")
    decay = number(name, spec, "decay", 0.5)
    if not 0 < decay < 1:
        raise ParsingError(f"[{name}] decay must be in the range (0..1)")
    return Decay(name, fields[0], spec.get("origin"), spec["scale"], spec.get("offset", 0), decay, mode)


_MODES = ("min", "max", "avg", "sum")
