"""Mappings: which fields an index has, what type each is, and how a document becomes typed values.

The shapes are Elasticsearch's: `properties`, multi-fields under `fields`, `dynamic`, dotted paths for
objects. A document is a tree; its leaves are flattened to `path -> list of values`.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingABC
from functools import cached_property
from typing import Any

from .dynamic import Detection, checked_mode
from .errors import InvalidDocument, InvalidMapping, InvalidRequest, StrictMapping
from .field_names import check_names, nested, opened, why_not
from .fields import TYPES, Field, vector_of
from .objects import leaves, overlaid, overlay, values_at
from .parameters import FIXED, checked_field, checked_parameters, too_long

TITLE_NAMES = ("title", "name", "headline", "subject", "标题", "题目", "名称")
BODY_NAMES = (
    "text",
    "body",
    "content",
    "contents",
    "passage",
    "abstract",
    "description",
    "正文",
    "内容",
    "摘要",
)
MAX_FIELDS = 1000
MAX_DEPTH = 20
MAX_TERM = 8191  # code points that are at most 32,766 bytes of UTF-8, the longest term of a keyword
_ROOT_KEYS = {
    "properties",
    "dynamic",
    "_source",
    "_meta",
    "date_detection",
    "numeric_detection",
    "dynamic_date_formats",
    "dynamic_templates",
}


class Mapping:
    """The fields of one index. Immutable: `merged` and `observed` give new ones."""

    def __init__(self, body: MappingABC[str, Any] | None = None, limit: int = MAX_FIELDS) -> None:
        self.body: dict[str, Any] = _checked_root(dict(body or {}))
        self.limit = limit
        self.fields: dict[str, Field] = {}
        self.objects: dict[str, Any] = {"": self.body.get("dynamic", True)}
        self._detection = Detection(self.body)
        for spec in _walk(self.body.get("properties", {}), "", self.objects):
            self.fields[spec.path] = spec
        self._check_copies()

    @classmethod
    def requested(cls, body: MappingABC[str, Any] | None, limit: int = MAX_FIELDS) -> Mapping:
        """The mapping that somebody asks for: its names and their number are checked too."""
        new = cls(body, limit)
        check_names(new.body.get("properties"))
        return new._within_limit()

    def _within_limit(self) -> Mapping:
        if len(self.fields) > self.limit:
            raise InvalidRequest(
                f"Limit of total fields [{self.limit}] has been exceeded; "
                "the setting [index.mapping.total_fields.limit] changes it"
            )
        return self

    def to_dict(self) -> dict[str, Any]:
        """The mapping's body, as `GET /{index}/_mapping` shows it."""
        return self.body

    def _check_copies(self) -> None:
        for spec in self.fields.values():
            for target in spec.copy_to:
                found = self.fields.get(target)
                kind = "object" if target in self.objects else found.type if found is not None else "text"
                if kind in ("object", "dense_vector", "completion") or (found is not None and found.parent is not None):
                    raise InvalidMapping(
                        f"[copy_to] of [{spec.path}] cannot copy into [{target}], a multi-field or of type [{kind}]"
                    )

    @cached_property
    def text_fields(self) -> list[str]:
        """The text fields a plain query looks into: body first, then title, then the rest."""
        paths = [f.path for f in self.fields.values() if f.is_text and f.parent is None and f.searchable]
        first = [p for p in (self.body_field, self.title_field) if p in paths]
        return list(dict.fromkeys([*first, *paths]))

    @cached_property
    def title_field(self) -> str | None:
        """The field whose text stands before each sentence of the body in a semantic space."""
        return self._named(TITLE_NAMES)

    @cached_property
    def body_field(self) -> str | None:
        """The field that holds the passage: a known name, else the first text field but the title."""
        named = self._named(BODY_NAMES)
        if named:
            return named
        texts = [f.path for f in self.fields.values() if f.is_text and f.parent is None]
        semantic = [p for p in texts if self.fields[p].type == "semantic_text"]
        return next((p for p in (*semantic, *texts) if p != self.title_field), self.title_field)

    def _named(self, names: tuple[str, ...]) -> str | None:
        return next((n for n in names if n in self.fields and self.fields[n].is_text), None)

    def merged(self, body: MappingABC[str, Any]) -> Mapping:
        """This mapping with `body`'s fields added; InvalidRequest where a field's type would change."""
        new = Mapping.requested(body, self.limit)
        for path in (*(new.objects.keys() & self.fields), *(new.fields.keys() & self.objects)):
            raise InvalidRequest(f"can't merge a non-object mapping [{path}] with an object mapping")
        for path, spec in new.fields.items():
            old = self.fields.get(path)
            if old and old.type != spec.type:
                raise InvalidRequest(
                    f"mapper [{path}] cannot be changed from type [{old.type}] to [{spec.type}]; "
                    "make a new index with the new mapping and reindex into it"
                )
            for key in FIXED:
                if old and old.params.get(key) != spec.params.get(key) and key in (old.params | spec.params):
                    raise InvalidRequest(f"Mapper for [{path}] conflicts with existing mapper: [{key}] is fixed")
        body = overlaid(self.body, new.body)
        if "_meta" in new.body:
            body["_meta"] = new.body["_meta"]
        merged = Mapping(body, self.limit)
        for path, mode in self.objects.items():
            if (mode == "disabled") != (merged.objects[path] == "disabled"):
                raise InvalidRequest(f"the [enabled] parameter can't be updated for the object mapping [{path}]")
        return merged._within_limit()

    def is_plain(self, source: dict[str, Any]) -> bool:
        """Whether a document has strings in known text fields only: it needs no check and maps to itself."""
        plain = self._plain
        return all(type(value) is str and key in plain for key, value in source.items())

    @cached_property
    def _plain(self) -> frozenset[str]:
        """Text fields that take any string: not copied, and with no sub-field that could refuse one."""
        tight = {f.parent for f in self.fields.values() if f.parent is not None and not _takes_any_string(f)}
        return frozenset(
            f.path for f in self.fields.values()
            if f.type == "text" and f.parent is None and not f.copy_to and f.path not in tight and not self._copies
        )  # fmt: skip

    def observed(self, source: dict[str, Any]) -> Mapping:
        """This mapping, or one with the fields that `source` brings for the first time (dynamic mapping)."""
        found: dict[str, Any] = {}
        self._observe(source, "", found, self.objects[""], 0)
        self._observe_copies(source, found)
        if not found:
            return self
        new = Mapping(overlaid(self.body, {"properties": found}), self.limit)._within_limit()
        return new.observed(source) if new._new_targets else new  # a template may copy into further fields

    def _observe(self, node: dict[str, Any], prefix: str, found: dict[str, Any], dynamic: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InvalidDocument(f"the document is nested deeper than {MAX_DEPTH} objects at [{prefix}]")
        for key, value in node.items():
            if "." in key:
                key, value = opened(key, value)
            path = f"{prefix}{key}"
            if path in self.fields:
                continue
            known = path != "" and path in self.objects  # the root stands there without a name
            inner = self.objects.get(path, dynamic)
            if inner == "disabled":
                continue
            if not known:
                self._check_new(key, prefix, dynamic)
            sample = _sample(value)
            if sample is None:
                continue
            if known or isinstance(sample, dict):
                below: dict[str, Any] = {}
                if not known and dynamic is True and key not in found:
                    made = self._detection.field(key, path, sample)
                    if made is not None:
                        found[key] = made
                        if made["type"] != "object" or made.get("enabled") is False:
                            continue
                        inner = checked_mode(made.get("dynamic", inner), path)
                for part in leaves(value):
                    if not isinstance(part, dict):
                        raise InvalidDocument(
                            f"object mapping for [{path}] tried to parse field [{key}] as object, "
                            "but found a concrete value"
                        )
                    self._observe(part, path + ".", below, inner, depth + 1)
                if below:
                    overlay(found, {key: {"properties": below}})
                continue
            self._observe_leaf(key, prefix, sample, found, dynamic)

    @staticmethod
    def _check_new(key: str, prefix: str, dynamic: Any) -> None:
        """InvalidDocument when a document may not bring a field of this name."""
        reason = why_not(key, prefix)
        if reason is not None:
            raise InvalidDocument(reason)
        if dynamic == "strict":
            raise StrictMapping(
                f"mapping set to strict, dynamic introduction of [{key}] within [{prefix[:-1] or '_doc'}] "
                "is not allowed"
            )

    def _observe_leaf(self, key: str, prefix: str, sample: Any, found: dict[str, Any], dynamic: Any) -> None:
        if dynamic is True and key not in found:
            made = self._detection.field(key, prefix + key, sample)
            if made is not None:
                found[key] = made

    def _observe_copies(self, source: dict[str, Any], found: dict[str, Any]) -> None:
        """The targets of `copy_to` that are not mapped yet and get a value now."""
        for path, target in self._new_targets:
            sample = _sample(list(values_at(source, path)))
            if sample is None:
                continue
            *outer, key = target.split(".")
            into, prefix, dynamic = found, "", self.objects[""]
            for name in outer:
                into = into.setdefault(name, {}).setdefault("properties", {})
                prefix += name + "."
                dynamic = self.objects.get(prefix[:-1], dynamic)
            self._check_new(key, prefix, dynamic)
            self._observe_leaf(key, prefix, sample, into, dynamic)

    @cached_property
    def _new_targets(self) -> list[tuple[str, str]]:
        return [(f.path, t) for f in self.fields.values() for t in f.copy_to if t not in self.fields]

    @cached_property
    def _copies(self) -> dict[str, list[str]]:
        """For each field that others are copied to, those others."""
        out: dict[str, list[str]] = {}
        for spec in self.fields.values():
            for target in spec.copy_to:
                if target in self.fields:
                    out.setdefault(target, []).append(spec.path)
        return out

    def extract(self, source: dict[str, Any], lenient: bool = False) -> dict[str, list[Any]]:
        """The typed values of each field that `source` has, multi-fields included.

        dense_vector fields give one list of floats, completion fields (input, weight) pairs. InvalidDocument
        names the first value that the mapping cannot take; `lenient` leaves such values out: the document may be
        older than the field.
        """
        if self.is_plain(source):
            out = {path: [value] for path, value in source.items()}
            for path, parent in self._multi:
                if parent in out and len(source[parent]) <= self.fields[path].params.get("ignore_above", MAX_TERM):
                    out[path] = out[parent]
            return out
        out = {}
        self._extract(source, "", out, lenient)
        copied: dict[str, list[Any]] = {}
        for target, paths in self._copies.items():
            values = [value for path in paths for value in values_at(source, path)]
            if values:
                copied[target] = values
                out.setdefault(target, []).extend(self._typed(self.fields[target], values, lenient))
        for path, parent in self._multi:
            if parent in out:
                spec = self.fields[path]
                if spec.type in ("keyword", "text") and self.fields[parent].type in ("keyword", "text"):
                    values = out[parent]
                else:
                    values = [*values_at(source, parent), *copied.get(parent, ())]
                out[path] = self._typed(spec, values, lenient)
        return {path: values for path, values in out.items() if values}

    @cached_property
    def _multi(self) -> list[tuple[str, str]]:
        return [(f.path, f.parent) for f in self.fields.values() if f.parent is not None]

    def _extract(self, node: dict[str, Any], prefix: str, out: dict[str, list[Any]], lenient: bool) -> None:
        fields = self.fields
        for key, value in node.items():
            if "." in key:
                key, value = opened(key, value)
            path = prefix + key
            spec = fields.get(path)
            if spec is None:
                if isinstance(value, dict | list) and self.objects.get(path) != "disabled":
                    for part in leaves(value):
                        if isinstance(part, dict):
                            self._extract(part, path + ".", out, lenient)
                continue
            if spec.type == "dense_vector":
                try:
                    out[path] = [vector_of(spec, value)] if value is not None else []
                except InvalidDocument:
                    if not lenient:
                        raise
                continue
            values = self._typed(spec, value if isinstance(value, list) else (value,), lenient)
            if path in out:
                out[path].extend(values)
            else:
                out[path] = values

    def _typed(self, spec: Field, values: Any, lenient: bool) -> list[Any]:
        out: list[Any] = []
        convert = spec.converter
        for value in values:
            if value is None or (value == "" and spec.empty_is_null):
                value = spec.params.get("null_value")
                if value is None:
                    continue
            if isinstance(value, list):
                out.extend(self._typed(spec, value, lenient))
                continue
            try:
                typed = convert(spec, value)
            except (ValueError, OverflowError) as error:
                if lenient or spec.params.get("ignore_malformed"):
                    continue
                raise InvalidDocument(f"failed to parse field [{spec.path}] of type [{spec.type}]: {error}") from None
            if spec.type == "keyword":
                if len(typed) > spec.params.get("ignore_above", len(typed)):
                    continue
                if too_long(typed):
                    if lenient:
                        continue
                    raise InvalidDocument(
                        f"Document contains at least one immense term in field [{spec.path}]: more than 32766 bytes of "
                        "UTF-8; shorten the value, or set [ignore_above]"
                    )
            elif spec.type == "completion":
                out.extend(typed)
                continue
            out.append(typed)
        return out


def _takes_any_string(spec: Field) -> bool:
    if spec.type == "keyword":
        return int(spec.params.get("ignore_above", MAX_TERM + 1)) <= MAX_TERM
    return spec.type == "text" and "ignore_above" not in spec.params


def _sample(value: Any) -> Any:
    """The first value in lists of any depth that is not null; None when there is none."""
    if not isinstance(value, list):
        return value
    return next(leaves(value), None)


def _checked_root(body: dict[str, Any]) -> dict[str, Any]:
    for key in body:
        if key == "runtime":
            raise InvalidMapping("[runtime] fields are not supported; index the value as a field")
        if key not in _ROOT_KEYS:
            raise InvalidMapping(f"Root mapping definition has unsupported parameters: [{key}]")
    if "dynamic" in body:
        body["dynamic"] = checked_mode(body["dynamic"], "_doc")
    if "properties" in body:
        body["properties"] = nested(body["properties"])
    source = body.get("_source", {})
    if not isinstance(source, dict) or source.get("enabled", True) not in (True, "true") or set(source) - {"enabled"}:
        raise InvalidMapping("[_source] is always kept whole: the index is built from it; filter it in the search")
    return body


def _walk(properties: Any, prefix: str, objects: dict[str, Any]) -> Iterator[Field]:
    if not isinstance(properties, dict):
        raise InvalidMapping(f"[properties] must be an object of fields at [{prefix[:-1] or '_doc'}]")
    for name, spec in properties.items():
        path = f"{prefix}{name}"
        if not isinstance(spec, dict):
            raise InvalidMapping(f"Expected map for property [{path}]")
        kind = spec.get("type", "object" if "properties" in spec or "dynamic" in spec else None)
        if kind is None:
            raise InvalidMapping(f"No type specified for field [{path}]")
        if not isinstance(kind, str) or kind not in TYPES:
            raise InvalidMapping(f"No handler for type [{kind}] declared on field [{path}]; known are {sorted(TYPES)}")
        if kind == "object":
            params = checked_parameters(path, kind, spec)
            inherited = objects.get(prefix[:-1], True)
            mode = checked_mode(params["dynamic"], path) if "dynamic" in params else inherited
            objects[path] = "disabled" if params.get("enabled") is False else mode
            yield from _walk(params.get("properties", {}), path + ".", objects)
            continue
        field = checked_field(path, spec, None)
        yield field
        for sub, inner in field.params.get("fields", {}).items():
            yield checked_field(f"{path}.{sub}", inner, path)
