"""Query parameters: typed, and refused by name when they are unknown or of a wrong kind."""

from __future__ import annotations

import pytest

from api.parameters import REFRESH, Parameter, boolean, parse_all
from indexer.errors import InvalidRequest

KNOWN = {
    p.name: p
    for p in (
        REFRESH,
        boolean("explain", "", False),
        Parameter("size", "integer", ""),
        Parameter("timeout", "duration", ""),
        Parameter("h", "list", ""),
    )
}


def parse(**given: str) -> dict[str, object]:
    return parse_all(given.items(), KNOWN, "/x/_search")


def test_kinds_and_defaults() -> None:
    found = parse(explain="", size="3", timeout="1500ms", h="a, b,,c")
    assert found == {"refresh": "false", "explain": True, "size": 3, "timeout": 1.5, "h": ["a", "b", "c"]}
    assert parse(refresh="")["refresh"] == "true"
    assert parse(timeout="2m")["timeout"] == 120.0
    assert parse(timeout="-1")["timeout"] == -1.0


@pytest.mark.parametrize(
    ("name", "text"),
    [("explain", "yes"), ("size", "ten"), ("size", ""), ("timeout", "10"), ("timeout", "1 s"), ("refresh", "maybe")],
)
def test_wrong_kinds(name: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        parse(**{name: text})


def test_unknown_parameters_are_named_with_a_guess() -> None:
    with pytest.raises(InvalidRequest, match=r"\[sise\] -> did you mean \[size\]"):
        parse(sise="3")
    with pytest.raises(InvalidRequest, match=r"unrecognized parameters: \[one, two\]"):
        parse(one="1", two="2")
