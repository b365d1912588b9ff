"""The settings of an index: which there are, their flat form, and whether they fit the mapping."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingABC
from pathlib import Path
from typing import Any

from .analyzers import Analyzers, check_field
from .durations import parse_interval
from .errors import InvalidRequest
from .mapping import MAX_FIELDS, Mapping
from .objects import overlaid

KNOWN_SETTINGS = {
    "number_of_shards", "number_of_replicas", "refresh_interval", "analysis", "semantic", "similarity",
    "max_result_window", "query", "hidden", "provided_name", "creation_date", "uuid", "version", "mapping", "codec",
}  # fmt: skip
PRIVATE = {"provided_name", "creation_date", "uuid", "version"}
STATIC = PRIVATE | {"analysis", "number_of_shards", "semantic", "similarity", "codec"}
"""Settings that an index cannot change; nobody gives the private ones."""
_WHOLE = {"number_of_shards": 1, "number_of_replicas": 0, "max_result_window": 1}
"""Settings that are whole numbers, and the least that each may be."""


def flat_settings(body: Any) -> dict[str, Any]:
    """Index settings without the `index.` prefix, dotted keys made into objects; InvalidRequest on unknown ones.

    A setting that is null is to have its default again.
    """
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise InvalidRequest("[settings] must be an object")
    out: dict[str, Any] = {}

    def put(path: list[str], value: Any, into: dict[str, Any]) -> None:
        if len(path) == 1 and isinstance(value, dict):
            for key, inner in value.items():
                put([path[0], *key.split(".")], inner, into)
        elif len(path) == 1:
            into[path[0]] = value
        else:
            inner = into.setdefault(path[0], {})
            if not isinstance(inner, dict):
                raise InvalidRequest(f"[index.{path[0]}] is given as a value and as an object")
            put(path[1:], value, inner)

    for key, value in body.items():
        if key == "settings" and isinstance(value, dict):
            out.update(flat_settings(value))
        elif key == "index" and isinstance(value, dict):
            for inner, deep in value.items():
                put(inner.split("."), deep, out)
        else:
            put(key.removeprefix("index.").split("."), value, out)
    _check_values(out)
    unknown = set(out) - KNOWN_SETTINGS
    if unknown:
        raise InvalidRequest(
            f"unknown setting [index.{sorted(unknown)[0]}] please check that any required plugins are installed, "
            "or check the breaking changes documentation for removed settings"
        )
    return out


def _check_values(settings: MappingABC[str, Any]) -> None:
    for name in ("analysis", "semantic", "query", "mapping"):
        if not isinstance(settings.get(name, {}), dict | None):
            raise InvalidRequest(f"[index.{name}] must be an object, not [{settings[name]}]")
    if settings.get("refresh_interval") is not None:
        parse_interval(settings["refresh_interval"])
    for name, least in _WHOLE.items():
        if settings.get(name) is not None:
            whole(f"index.{name}", settings[name], least)
    limits = settings.get("mapping") or {}
    for name, value in limits.items():
        if value is None:
            continue
        if name != "total_fields" or not isinstance(value, dict) or set(value) - {"limit"}:
            raise InvalidRequest(
                f"unknown setting [index.mapping.{name}]; of [index.mapping] there is [total_fields.limit]"
            )
        if value.get("limit") is not None:
            whole("index.mapping.total_fields.limit", value["limit"], 1)


def whole(name: str, value: Any, least: int) -> int:
    """A setting that is a whole number, also one written as a string; InvalidRequest."""
    try:
        number = int(value) if isinstance(value, str) else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int):
        raise InvalidRequest(f"Failed to parse value [{value}] for setting [{name}]: it must be a whole number")
    if number < least:
        raise InvalidRequest(f"Failed to parse value [{value}] for setting [{name}] must be >= {least}")
    return number


def field_limit(settings: MappingABC[str, Any]) -> int:
    """How many fields the mapping may have."""
    return _stored(settings.get("mapping", {}).get("total_fields", {}).get("limit")) or MAX_FIELDS


def stored_mapping(meta: Callable[[str], Any]) -> Mapping:
    """An index's mapping; `meta` gives its metadata, one after the other as of one moment."""
    return Mapping(meta("mapping"), field_limit(meta("settings")))


def result_window(settings: MappingABC[str, Any]) -> int | None:
    """How far a search may page, where the index says."""
    return _stored(settings.get("max_result_window"))


def _stored(value: Any) -> int | None:
    """A stored whole number; None where an older version, which did not look at it, took anything else."""
    text = str(value)
    return int(text) if text.isdecimal() else None


def changed_settings(old: MappingABC[str, Any], changes: MappingABC[str, Any]) -> dict[str, Any]:
    """Settings with changes over them; what is null in these is gone."""
    found = _without_nulls(overlaid(old, changes))
    assert isinstance(found, dict)
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


_SIMILARITY_OPTIONS = {
    "BM25": ("k1", "b"), "BM25Plus": ("k1", "b", "delta"), "BM25L": ("k1", "b", "delta"), "TFIDF": (),
}  # fmt: skip


def check_similarities(body: Any) -> None:
    """InvalidRequest unless the `similarity` settings are `{name: {"type": …, option: number}}` of known types."""
    if not isinstance(body, dict) or not all(isinstance(spec, dict) for spec in body.values()):
        raise InvalidRequest("[index.similarity] must be an object of similarities")
    for name, spec in body.items():
        known = _SIMILARITY_OPTIONS.get(str(spec.get("type")))
        if known is None:
            raise InvalidRequest(
                f"Unknown Similarity type [{spec.get('type')}] for [{name}]; known are {', '.join(_SIMILARITY_OPTIONS)}"
            )
        for option, value in spec.items():
            if option == "type":
                continue
            if option not in known:
                raise InvalidRequest(f"Unknown settings for similarity of type [{spec['type']}]: [{option}]")
            try:
                right = 0 <= float(value) <= (1 if option == "b" else 1000)
            except (TypeError, ValueError):
                right = False
            if not right:
                raise InvalidRequest(f"[index.similarity.{name}.{option}] is out of range: [{value}]")


def check_analyzers(mapping: Mapping, settings: MappingABC[str, Any], folder: Path) -> None:
    """InvalidRequest when a field names an analyzer that there is not, or a custom one is wrong.

    `folder` holds the files that the settings may name.
    """
    analysis = dict(settings.get("analysis", {}))
    analyzers = Analyzers(analysis, folder)
    custom = analysis.get("analyzer", {})
    if not isinstance(custom, dict):
        raise InvalidRequest("[index.analysis.analyzer] must be an object of analyzers")
    for name in custom:
        try:
            analyzers.get(name)
        except ValueError as error:
            raise InvalidRequest(str(error)) from None
        except TypeError as error:
            raise InvalidRequest(f"the settings of analyzer [{name}] are malformed: {error}") from None
    normalizers = analysis.get("normalizer", {})
    for name in normalizers if isinstance(normalizers, dict) else ():
        try:
            analyzers.normalizer(name)
        except (ValueError, TypeError) as error:
            raise InvalidRequest(str(error)) from None
    similarities = settings.get("similarity", {})
    check_similarities(similarities)
    for spec in mapping.fields.values():
        check_field(spec, analyzers, similarities)
