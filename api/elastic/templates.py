"""Index templates and component templates: what new indices get by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.call import Call
from api.elastic.aliases import check_filter
from api.elastic.indices import as_strings, flattened
from api.elastic.shapes import ComponentTemplate, IndexTemplate
from api.parameters import Parameter, boolean, hints
from api.render import Reply
from api.routing import Route
from indexer import templates
from indexer.admin_errors import ResourceNotFound, TemplateMissing
from indexer.aliases import matching
from indexer.names import check_name
from indexer.registry import State

ACKNOWLEDGED = {"acknowledged": True}
_SCRATCH = "(simulated)"


def put_index_template(call: Call) -> dict[str, Any]:
    template = templates.parse_index_template(call.required_object())
    _check(call, template)
    with call.node.registry.change() as change:
        templates.put_index_template(change.state, call.path["name"], template, call["create"])
        _check_whole(call, change.state, call.path["name"])
    return ACKNOWLEDGED


def put_component_template(call: Call) -> dict[str, Any]:
    template = templates.parse_component_template(call.required_object())
    _check(call, template)
    with call.node.registry.change() as change:
        users = templates.put_component_template(change.state, call.path["name"], template, call["create"])
        call.node.checked(template["template"])
        for user in users:
            _check_whole(call, change.state, user)
    return ACKNOWLEDGED


def _check(call: Call, template: Mapping[str, Any]) -> None:
    for body in template.get("template", {}).get("aliases", {}).values():
        check_filter(call, body)


def _check_whole(call: Call, state: State, name: str) -> None:
    """Refuse what no index could be made of: a template must not fail when somebody writes."""
    call.node.checked(templates.merged(templates.parts_of(state, state.index_templates[name])))


def get_index_template(call: Call) -> dict[str, Any]:
    found = _named(call, call.node.state().index_templates, "index template")
    return {"index_templates": [{"name": name, "index_template": _shown(body, call)} for name, body in found.items()]}


def get_component_template(call: Call) -> dict[str, Any]:
    found = _named(call, call.node.state().component_templates, "component template")
    return {
        "component_templates": [
            {"name": name, "component_template": _shown(body, call)} for name, body in found.items()
        ]
    }


def _named(call: Call, known: Mapping[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    name = call.path.get("name")
    if name is None:
        return dict(sorted(known.items()))
    found = {one: known[one] for one in matching(name.split(","), known)}
    if not found and "*" not in name:
        raise ResourceNotFound(f"{kind} matching [{name}] not found")
    return found


def _shown(body: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A template with its settings as Elasticsearch shows them, under `index`."""
    out = dict(body)
    if "template" in out:
        out["template"] = _shown_part(out["template"], call["flat_settings"])
    if "index_patterns" in out:
        out.setdefault("composed_of", [])
    return out


def _shown_part(part: Mapping[str, Any], flat: bool) -> dict[str, Any]:
    out = dict(part)
    if "settings" in out:
        shown: dict[str, Any] = as_strings({"index": out["settings"]})
        out["settings"] = flattened(shown) if flat else shown
    return out


def index_template_exists(call: Call) -> Reply:
    """HEAD: 200 when there is such a template."""
    known = call.node.state().index_templates
    return Reply(None, 200 if matching(call.path["name"].split(","), known) else 404)


def component_template_exists(call: Call) -> Reply:
    """HEAD: 200 when there is such a template."""
    known = call.node.state().component_templates
    return Reply(None, 200 if matching(call.path["name"].split(","), known) else 404)


def delete_index_template(call: Call) -> dict[str, Any]:
    with call.node.registry.change() as change:
        for name in _doomed(call, change.state.index_templates):
            del change.state.index_templates[name]
    return ACKNOWLEDGED


def delete_component_template(call: Call) -> dict[str, Any]:
    with call.node.registry.change() as change:
        names = _doomed(call, change.state.component_templates)
        templates.check_unused(change.state, names)
        for name in names:
            del change.state.component_templates[name]
    return ACKNOWLEDGED


def _doomed(call: Call, known: Mapping[str, Any]) -> list[str]:
    """The templates that a delete means; TemplateMissing when one that is named is not there."""
    out: list[str] = []
    for part in call.path["name"].split(","):
        found = matching([part], known)
        if not found and "*" not in part:
            raise TemplateMissing(part)
        out += found
    return list(dict.fromkeys(out))


def simulate_index(call: Call) -> dict[str, Any]:
    """What an index of this name would get; a template in the body stands beside those that there are."""
    name = call.path["name"]
    check_name(name)
    state = call.node.state()
    body = call.object()
    if body:
        state = _with(call, state, _SCRATCH, body)
    template = templates.matching_template(state.index_templates, name)
    if template is None:
        return {}
    parts = templates.parts_of(state, state.index_templates[template])
    return {
        "template": _simulated(call, parts),
        "overlapping": [
            {"name": other, "index_patterns": known["index_patterns"]}
            for other, known in sorted(state.index_templates.items())
            if other not in (template, _SCRATCH) and templates.matching_template({other: known}, name)
        ],
    }


def simulate_template(call: Call) -> dict[str, Any]:
    """What the indices of a template would get: one in the body, or one that there is."""
    state = call.node.state()
    name = call.path.get("name", _SCRATCH)
    body = call.object()
    if body:
        state = _with(call, state, name, body)
    if name not in state.index_templates:
        raise ResourceNotFound(f"index template [{name}] not found; give one in the body")
    found = state.index_templates[name]
    others = templates.overlapping(state.index_templates, name, found["index_patterns"])
    return {
        "template": _simulated(call, templates.parts_of(state, found)),
        "overlapping": [{"name": n, "index_patterns": p} for n, p in sorted(others.items()) if n != _SCRATCH],
    }


def _with(call: Call, state: State, name: str, body: dict[str, Any]) -> State:
    """The state as if the template of the body were in it."""
    template = templates.parse_index_template(body)
    scratch = State(index_templates=dict(state.index_templates), component_templates=state.component_templates)
    templates.put_index_template(scratch, name, template)
    _check_whole(call, scratch, name)
    return scratch


def _simulated(call: Call, parts: list[dict[str, Any]]) -> dict[str, Any]:
    whole = templates.merged(parts)
    call.node.checked(whole)
    return _shown_part(whole, call["flat_settings"])


_MASTER = hints("master_timeout", "timeout")
_FLAT = boolean("flat_settings", "settings as one flat object", False)
_LOOK = (*_MASTER, *hints("local"), _FLAT, boolean("include_defaults", "accepted; there are none to add", False))
_PUT = (
    *_MASTER,
    boolean("create", "refuse to replace a template", False),
    Parameter("cause", "string", "accepted: why it is put"),
)


def _routes(kind: str, put: Any, get: Any, exists: Any, delete: Any, shape: Any, noun: str) -> tuple[Route, ...]:
    rule = f"/{kind}/<name>"
    return (
        Route(("PUT", "POST"), rule, put, f"Put {noun}", "templates", _PUT, shape),
        Route(("HEAD",), rule, exists, f"Whether there is {noun} of this name", "templates", _LOOK),
        *(Route(("GET",), r, get, f"Look at {noun}", "templates", _LOOK) for r in (f"/{kind}", rule)),
        Route(("DELETE",), rule, delete, f"Delete {noun}", "templates", _MASTER),
    )


_SIMULATE = (*_PUT, _FLAT, boolean("include_defaults", "accepted; there are none to add", False))
ROUTES = (
    Route(
        ("POST",),
        "/_index_template/_simulate_index/<name>",
        simulate_index,
        "What an index of this name would get from templates",
        "templates",
        _SIMULATE,
        IndexTemplate,
    ),
    *(
        Route(("POST",), rule, simulate_template, "What a template would give", "templates", _SIMULATE, IndexTemplate)
        for rule in ("/_index_template/_simulate", "/_index_template/_simulate/<name>")
    ),
    *_routes(
        "_index_template",
        put_index_template,
        get_index_template,
        index_template_exists,
        delete_index_template,
        IndexTemplate,
        "an index template",
    ),
    *_routes(
        "_component_template",
        put_component_template,
        get_component_template,
        component_template_exists,
        delete_component_template,
        ComponentTemplate,
        "a component template",
    ),
)
