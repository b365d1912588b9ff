"""Dynamic mapping: which type a field gets that no mapping names, by Elasticsearch's rules and templates."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .dates import InvalidFormat, parse_date, readers
from .errors import InvalidMapping
from .parameters import checked_field, checked_parameters

_SLASHED = "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd"
_ISO = "strict_date_optional_time"
_MATCH_TYPES = ("boolean", "date", "double", "long", "object", "string", "binary", "*")
_TEMPLATE_KEYS = {
    "match", "unmatch", "path_match", "path_unmatch", "match_mapping_type", "unmatch_mapping_type", "match_pattern",
    "mapping",
}  # fmt: skip
_TYPES = {"boolean": "boolean", "date": "date", "double": "float", "long": "long", "string": "text"}
MODES = ("true", "false", "strict")


def checked_mode(value: Any, where: str) -> Any:
    """A `dynamic` setting: True, False or "strict"; InvalidMapping."""
    text = str(value).lower() if isinstance(value, bool | str) else ""
    if text == "runtime":
        raise InvalidMapping(f"[dynamic] of [{where}] cannot be [runtime]: there are no runtime fields; use true")
    if text not in MODES:
        raise InvalidMapping(f"[dynamic] of [{where}] must be true, false or strict, not [{value}]")
    return text == "true" if text != "strict" else "strict"


@dataclass(frozen=True)
class Template:
    """One dynamic template: for which new fields it speaks, and their mapping."""

    name: str
    rules: Mapping[str, Any]

    def matches(self, key: str, path: str, kind: str) -> bool:
        """Whether it speaks for a new field of this name, path and detected type."""
        regex = self.rules.get("match_pattern") == "regex"
        for rule, value in (("match", key), ("path_match", path)):
            if rule in self.rules and not _any(self.rules[rule], value, regex and rule == "match"):
                return False
        for rule, value in (("unmatch", key), ("path_unmatch", path)):
            if rule in self.rules and _any(self.rules[rule], value, regex and rule == "unmatch"):
                return False
        wanted = _listed(self.rules.get("match_mapping_type", "*"))
        unwanted = _listed(self.rules.get("unmatch_mapping_type", []))
        if "match_mapping_type" not in self.rules and kind == "object" and "path_match" in self.rules:
            return False
        return ("*" in wanted or kind in wanted) and kind not in unwanted

    def mapping(self, key: str, kind: str) -> dict[str, Any]:
        """The field's mapping: `{name}` and `{dynamic_type}` filled in, the type added where it has none."""
        default = _TYPES.get(kind, "object")
        filled: dict[str, Any] = _filled(self.rules["mapping"], key, default)
        if "type" not in filled and ("properties" not in filled or kind != "object"):
            filled["type"] = default
        return filled


class Detection:
    """How one mapping types new fields; see Elasticsearch's dynamic field mapping."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.dates = _flag(body, "date_detection", True)
        self.numbers = _flag(body, "numeric_detection", False)
        formats = body.get("dynamic_date_formats")
        if formats is not None and (not isinstance(formats, list) or not all(isinstance(f, str) for f in formats)):
            raise InvalidMapping("[dynamic_date_formats] must be a list of date formats")
        self._own_formats = formats is not None
        self.formats: tuple[str, ...] = (_ISO, _SLASHED) if formats is None else tuple(formats)
        for one in self.formats:
            try:
                readers(one)
            except InvalidFormat as error:
                raise InvalidMapping(f"[dynamic_date_formats]: {error}") from None
        self.templates = _templates(body.get("dynamic_templates"))

    def kind(self, sample: Any) -> tuple[str, str | None]:
        """(match_mapping_type, date format) of a JSON value."""
        if isinstance(sample, dict):
            return "object", None
        if isinstance(sample, bool):
            return "boolean", None
        if isinstance(sample, int | float):
            return "long" if isinstance(sample, int) else "double", None
        number = _number(sample) if self.numbers or self.dates else None
        if self.dates and number is None:
            found = self._date(sample)
            if found is not None:
                return "date", found
        if self.numbers and number is not None:
            return number, None
        return "string", None

    def field(self, key: str, path: str, sample: Any) -> dict[str, Any] | None:
        """The mapping of a new field; None for an object that no template speaks for."""
        kind, found = self.kind(sample)
        for template in self.templates:
            if template.matches(key, path, kind):
                made = template.mapping(key, kind)
                if made["type"] == "date" and found not in (None, _ISO):
                    made.setdefault("format", found)
                return made
        if kind == "object":
            return None
        if kind == "string":
            return {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
        if kind == "date" and found != _ISO:
            return {"type": "date", "format": found if self._own_formats else f"{found}||epoch_millis"}
        return {"type": _TYPES[kind]}

    def _date(self, text: str) -> str | None:
        """The format that reads a string as a date."""
        if len(text) > 64 or (not self._own_formats and not ("0" <= text[:1] <= "9" and len(text) >= 6)):
            return None
        for one in self.formats:
            try:
                parse_date(text, one)
            except ValueError:
                continue
            return one
        return None


def _number(text: str) -> str | None:
    """Whether a string is a number: long, double or None."""
    if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        return "long"
    if not re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text, re.ASCII):
        return None
    return "double" if math.isfinite(float(text)) else None


def _templates(body: Any) -> tuple[Template, ...]:
    """The dynamic templates, each tried on the types it speaks for; InvalidMapping."""
    if body is None:
        return ()
    if not isinstance(body, list) or not all(isinstance(one, dict) and len(one) == 1 for one in body):
        raise InvalidMapping("[dynamic_templates] must be a list of objects with one named template each")
    found = []
    for entry in body:
        ((name, rules),) = entry.items()
        if not isinstance(rules, dict):
            raise InvalidMapping(f"dynamic template [{name}] must be an object")
        if "runtime" in rules:
            raise InvalidMapping(
                f"dynamic template [{name}] has [runtime], but there are no runtime fields; use [mapping]"
            )
        unknown = sorted(set(rules) - _TEMPLATE_KEYS)
        if unknown or not isinstance(rules.get("mapping"), dict):
            raise InvalidMapping(f"dynamic template [{name}] needs [mapping] and does not support {unknown}")
        _check_rules(name, rules)
        template = Template(name, rules)
        _try(template)
        found.append(template)
    return tuple(found)


def _check_rules(name: str, rules: dict[str, Any]) -> None:
    for key in ("match", "unmatch", "path_match", "path_unmatch"):
        patterns = _listed(rules.get(key, []))
        if not all(isinstance(one, str) for one in patterns):
            raise InvalidMapping(f"[{key}] of dynamic template [{name}] must be a string or a list of strings")
        if rules.get("match_pattern") == "regex" and key in ("match", "unmatch"):
            for one in patterns:
                try:
                    re.compile(one)
                except re.error as error:
                    raise InvalidMapping(
                        f"Pattern [{one}] of type [regex] is invalid in dynamic template [{name}]: {error}"
                    ) from None
    if rules.get("match_pattern", "simple") not in ("simple", "regex"):
        raise InvalidMapping(f"[match_pattern] of dynamic template [{name}] must be simple or regex")
    for key in ("match_mapping_type", "unmatch_mapping_type"):
        for one in _listed(rules.get(key, [])):
            if one not in _MATCH_TYPES:
                raise InvalidMapping(
                    f"No field type matched on [{one}] in dynamic template [{name}], possible values are "
                    f"{list(_MATCH_TYPES)}"
                )
    if not set(rules) & (_TEMPLATE_KEYS - {"mapping", "match_pattern"}):
        raise InvalidMapping(
            f"template [{name}] must have match, path_match or match_mapping_type set, to say which fields it maps"
        )


def _try(template: Template) -> None:
    """InvalidMapping unless the template's mapping can be one for a type that it speaks for."""
    wanted = _listed(template.rules.get("match_mapping_type", "*"))
    kinds = [k for k in ("string", "long", "double", "boolean", "date", "object") if "*" in wanted or k in wanted]
    problem: InvalidMapping | None = None
    for kind in kinds or ["string"]:
        made = template.mapping("name", kind)
        try:
            if made.get("type", "object") == "object":
                checked_parameters("__dynamic__name", "object", made)
            else:
                checked_field("__dynamic__name", made, None)
            return
        except InvalidMapping as error:
            problem = error
    assert problem is not None
    raise InvalidMapping(f"dynamic template [{template.name}] has invalid content: {problem.reason}")


def _filled(value: Any, key: str, kind: str) -> Any:
    if isinstance(value, dict):
        return {_filled(k, key, kind): _filled(v, key, kind) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(one, key, kind) for one in value]
    if isinstance(value, str):
        return value.replace("{name}", key).replace("{dynamic_type}", kind).replace("{dynamicType}", kind)
    return value


def _any(patterns: Any, value: str, regex: bool) -> bool:
    if regex:
        return any(re.fullmatch(one, value) for one in _listed(patterns))
    return any(fnmatchcase(value, one) for one in _listed(patterns))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flag(body: Mapping[str, Any], key: str, default: bool) -> bool:
    value = body.get(key, default)
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise InvalidMapping(f"[{key}] must be true or false, not [{value}]")
    return value
