"""The settings of an index: which there are, their flat form, and whether they fit the mapping."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from pathlib import Path
from typing import Any

from .analyzers import Analyzers, check_field
from .durations import parse_interval
from .errors import InvalidRequest
from .mapping import Mapping

KNOWN_SETTINGS = {
    "number_of_shards", "number_of_replicas", "refresh_interval", "analysis", "semantic", "similarity",
    "max_result_window", "query", "hidden", "provided_name", "creation_date", "uuid", "version", "mapping", "codec",
}  # fmt: skip


def flat_settings(body: Any) -> dict[str, Any]:
    """Index settings without the `index.` prefix, dotted keys made into objects; InvalidRequest on unknown ones."""
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
            put(path[1:], value, into.setdefault(path[0], {}))

    for key, value in body.items():
        if key == "index" and isinstance(value, dict):
            for inner, deep in value.items():
                put(inner.split("."), deep, out)
        else:
            put(key.removeprefix("index.").split("."), value, out)
    for name in ("analysis", "semantic", "query"):
        if not isinstance(out.get(name, {}), dict):
            raise InvalidRequest(f"[index.{name}] must be an object, not [{out[name]}]")
    if "refresh_interval" in out:
        parse_interval(out["refresh_interval"])
    unknown = set(out) - KNOWN_SETTINGS
    if unknown:
        raise InvalidRequest(
            f"unknown setting [index.{sorted(unknown)[0]}] please check that any required plugins are installed, "
            "or check the breaking changes documentation for removed settings"
        )
    return out


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
