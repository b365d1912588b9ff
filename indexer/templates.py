"""Index templates: what new indices of certain names get by themselves.

An index template is for names that match its patterns; it can be composed of component templates. The
one with the highest priority applies, alone. Later parts win over earlier ones: components in order, the
template's own part, the request.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from .admin_errors import AutoCreateForbidden, InvalidTemplate
from .aliases import alias_body
from .errors import InvalidRequest, ParsingError
from .index_settings import flat_settings
from .names import check_alias_name
from .objects import overlaid
from .registry import State

PARTS = ("settings", "mappings", "aliases")
_INDEX_KEYS = {
    "index_patterns": list, "template": dict, "composed_of": list, "priority": int, "version": int, "_meta": dict,
    "allow_auto_create": bool, "ignore_missing_component_templates": list, "deprecated": bool,
}  # fmt: skip
_COMPONENT_KEYS = {"template": dict, "version": int, "_meta": dict, "deprecated": bool}
_KINDS = {list: "a list", dict: "an object", int: "an integer", bool: "a boolean"}


def check_template_name(name: str, kind: str) -> None:
    """InvalidTemplate unless a template may be called so."""
    why = None
    if not name or name != name.lower():
        why = "must be lowercase and not empty"
    elif name.startswith("_"):
        why = "must not start with '_'"
    elif any(c in ' ,#*"<>|\\/?' for c in name):
        why = 'must not contain a space or any of , # * " < > | \\ / ?'
    if why:
        raise InvalidTemplate(f"{kind} [{name}] invalid, cause [Validation Failed: 1: name {why};]")


def parse_index_template(body: Any) -> dict[str, Any]:
    """A checked index template, its patterns and components as lists; ParsingError, InvalidRequest."""
    if isinstance(body, dict) and isinstance(body.get("index_patterns"), str):
        body = {**body, "index_patterns": [body["index_patterns"]]}
    out = _checked(body, _INDEX_KEYS, "index template")
    patterns = out.get("index_patterns")
    if not patterns or not all(isinstance(p, str) and p for p in patterns):
        raise InvalidRequest("index template: [index_patterns] is required: a list of names with * as a wildcard")
    for pattern in patterns:
        if any(c in ' ,#"<>|\\/?:' for c in pattern) or pattern != pattern.lower() or pattern.startswith("_"):
            raise InvalidTemplate(
                f"index template: the pattern [{pattern}] is no pattern of index names: it must be lowercase, not "
                "start with '_', and have no other special character than *"
            )
    for key in ("composed_of", "ignore_missing_component_templates"):
        if not all(isinstance(name, str) for name in out.get(key, [])):
            raise ParsingError(f"index template: [{key}] must be a list of names")
    if out.get("priority", 0) < 0:
        raise InvalidRequest("index template: [priority] must not be negative")
    return out


def parse_component_template(body: Any) -> dict[str, Any]:
    """A checked component template; ParsingError, InvalidRequest."""
    out = _checked(body, _COMPONENT_KEYS, "component template")
    if "template" not in out:
        raise InvalidRequest("component template: [template] is required")
    return out


def _checked(body: Any, keys: Mapping[str, type], kind: str) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ParsingError(f"{kind}: an object is expected")
    if "data_stream" in body:
        raise InvalidRequest(f"{kind}: [data_stream] is not supported; write through an alias of several indices")
    out: dict[str, Any] = {}
    for key, value in body.items():
        if key not in keys:
            raise ParsingError(f"[{kind}] unknown field [{key}]; known: {', '.join(keys)}")
        if value is None:
            continue
        if not isinstance(value, keys[key]) or (keys[key] is int and isinstance(value, bool)):
            raise ParsingError(f"{kind}: [{key}] must be {_KINDS[keys[key]]}")
        out[key] = value
    if "template" in out:
        out["template"] = _checked_part(out["template"], kind)
    return out


def _checked_part(part: dict[str, Any], kind: str) -> dict[str, Any]:
    unknown = set(part) - set(PARTS)
    if unknown:
        raise InvalidRequest(f"{kind}: [template.{sorted(unknown)[0]}] is not supported; known: {', '.join(PARTS)}")
    out = {key: value for key, value in part.items() if value is not None}
    if not all(isinstance(value, dict) for value in out.values()):
        raise ParsingError(f"{kind}: [template] holds the objects {', '.join(PARTS)}")
    if "settings" in out:
        out["settings"] = flat_settings(out["settings"])
    if "aliases" in out:
        for alias in out["aliases"]:
            check_alias_name(alias)
        out["aliases"] = {alias: alias_body(given) for alias, given in out["aliases"].items()}
    return out


# --- which one applies ----------------------------------------------------------------------------


def matching_template(templates: Mapping[str, dict[str, Any]], name: str) -> str | None:
    """The name of the template that applies to a new index, None when none does."""
    found = [t for t, body in templates.items() if any(fnmatchcase(name, p) for p in body["index_patterns"])]
    return max(found, key=lambda t: (templates[t].get("priority", 0), t), default=None)


def overlapping(
    templates: Mapping[str, dict[str, Any]], name: str, patterns: Iterable[str], priority: int | None = None
) -> dict[str, list[str]]:
    """The other templates that some index name could match as well (of the same priority, when given)."""
    out = {}
    for other, body in templates.items():
        if other == name or (priority is not None and body.get("priority", 0) != priority):
            continue
        if any(patterns_meet(a, b) for a in patterns for b in body["index_patterns"]):
            out[other] = list(body["index_patterns"])
    return out


def patterns_meet(a: str, b: str) -> bool:
    """Whether some name matches both patterns (`*` is any text)."""

    @cache
    def meet(i: int, j: int) -> bool:
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i] == "*":
            return meet(i + 1, j) or (j < len(b) and meet(i, j + 1))
        if j < len(b) and b[j] == "*":
            return meet(i, j + 1) or (i < len(a) and meet(i + 1, j))
        return i < len(a) and j < len(b) and a[i] == b[j] and meet(i + 1, j + 1)

    return meet(0, 0)


def check_auto_create(state: State, name: str) -> None:
    """AutoCreateForbidden when the template of a name does not let it be made by writing to it."""
    template = matching_template(state.index_templates, name)
    if template is not None and state.index_templates[template].get("allow_auto_create") is False:
        raise AutoCreateForbidden(name, template)


# --- what a new index gets ------------------------------------------------------------------------


def composed(state: State, name: str, body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings, mappings and aliases of a new index: its template's with the request's over them."""
    template = matching_template(state.index_templates, name)
    parts = [] if template is None else parts_of(state, state.index_templates[template])
    own = {key: body.get(key) or {} for key in PARTS}
    if isinstance(own["settings"], dict):
        own["settings"] = flat_settings(own["settings"])
    if not isinstance(own["aliases"], dict):
        raise ParsingError("[aliases] must be an object of aliases")
    return merged([*parts, own])


def parts_of(state: State, template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts that an index template is composed of, in order."""
    components = [state.component_templates.get(c, {}).get("template", {}) for c in template.get("composed_of", ())]
    return [*components, template.get("template", {})]


def merged(parts: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Parts as one, the later winning: settings key by key, fields whole, objects field by field."""
    out: dict[str, dict[str, Any]] = {key: {} for key in PARTS}
    for part in parts:
        out["settings"] = overlaid(out["settings"], part.get("settings") or {})
        out["mappings"] = _mappings(out["mappings"], part.get("mappings") or {})
        out["aliases"] = {**out["aliases"], **(part.get("aliases") or {})}
    return copy.deepcopy(out)


def _mappings(old: Any, new: Any) -> dict[str, Any]:
    if not isinstance(new, dict):
        raise ParsingError("[mappings] must be an object")
    out = {**old, **new}
    if "properties" in old or "properties" in new:
        out["properties"] = _fields(old.get("properties") or {}, new.get("properties") or {})
    if isinstance(old.get("dynamic_templates"), list) and isinstance(new.get("dynamic_templates"), list):
        named = {key: rule for rules in (old, new) for rule in rules["dynamic_templates"] for key in rule}
        out["dynamic_templates"] = list(named.values())
    return out


def _fields(old: Any, new: Any) -> Any:
    """Objects are merged; any other field is replaced whole, so that no half of an old one is left."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    out = dict(old)
    for name, spec in new.items():
        known = out.get(name)
        if isinstance(known, dict) and isinstance(spec, dict) and "properties" in known and "properties" in spec:
            out[name] = {**known, **spec, "properties": _fields(known["properties"], spec["properties"])}
        else:
            out[name] = spec
    return out


# --- changing them --------------------------------------------------------------------------------


def put_index_template(state: State, name: str, template: dict[str, Any], create: bool = False) -> None:
    """Add a checked index template to the state; InvalidRequest when it cannot stand beside the others."""
    check_template_name(name, "index_template")
    if create and name in state.index_templates:
        raise InvalidRequest(f"index template [{name}] already exists")
    wanted = [c for c in template.get("composed_of", ()) if c not in state.component_templates]
    missing = [c for c in wanted if c not in template.get("ignore_missing_component_templates", ())]
    if missing:
        raise InvalidTemplate(
            f"index_template [{name}] invalid, cause [index template [{name}] specifies component templates "
            f"[{', '.join(missing)}] that do not exist]"
        )
    priority = template.get("priority", 0)
    others = overlapping(state.index_templates, name, template["index_patterns"], priority)
    if others:
        listed = ", ".join(f"{other} => [{', '.join(patterns)}]" for other, patterns in sorted(others.items()))
        raise InvalidRequest(
            f"index template [{name}] has index patterns [{', '.join(template['index_patterns'])}] matching patterns "
            f"from existing templates [{', '.join(sorted(others))}] with patterns ({listed}) that have the same "
            f"priority [{priority}], multiple index templates may not match during index creation, please use a "
            "different priority"
        )
    state.index_templates[name] = template


def put_component_template(state: State, name: str, template: dict[str, Any], create: bool = False) -> list[str]:
    """Add a checked component template to the state; returns the index templates that it is part of."""
    check_template_name(name, "component_template")
    if create and name in state.component_templates:
        raise InvalidRequest(f"component template [{name}] already exists")
    state.component_templates[name] = template
    return [t for t, body in state.index_templates.items() if name in body.get("composed_of", ())]


def check_unused(state: State, names: Iterable[str]) -> None:
    """InvalidRequest when an index template needs one of these component templates."""
    gone = set(names)
    users = {
        t: [c for c in body.get("composed_of", ()) if c in gone and c in state.component_templates]
        for t, body in state.index_templates.items()
    }
    users = {template: used for template, used in users.items() if used}
    if users:
        components = sorted({c for used in users.values() for c in used})
        raise InvalidRequest(
            f"component templates [{', '.join(components)}] cannot be removed as they are still in use by index "
            f"templates [{', '.join(sorted(users))}]"
        )
