"""`_source` filtering in each of its forms."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from indexer.errors import ParsingError
from retrieval.source import SourceFilter

DOCUMENT = {
    "title": "标题",
    "obj": {"a": 1, "b": {"c": 2, "cc": 3}},
    "list": [{"x": 1, "y": 2}, {"y": 3}],
    "a.b": 5,
    "w[x]": 6,
}


def chosen(value: Any) -> Any:
    return orjson.loads(orjson.dumps(SourceFilter.of(value).apply(orjson.dumps(DOCUMENT))))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, DOCUMENT),
        (["title"], {"title": "标题"}),
        ("obj.b.c", {"obj": {"b": {"c": 2}}}),
        (["obj"], {"obj": DOCUMENT["obj"]}),
        (["obj.*"], {"obj": DOCUMENT["obj"]}),
        (["*.y"], {"list": [{"y": 2}, {"y": 3}]}),
        (["list.x"], {"list": [{"x": 1}]}),
        (["a.b"], {"a.b": 5}),
        (["w[x]"], {"w[x]": 6}),
        (["none"], {}),
        ({"includes": ["obj"], "excludes": ["obj.b"]}, {"obj": {"a": 1}}),
        ({"excludes": ["list", "obj", "a.*", "w*"]}, {"title": "标题"}),
    ],
)
def test_forms(value: Any, expected: Any) -> None:
    assert chosen(value) == expected


def test_false_takes_nothing_and_wrong_forms_are_refused() -> None:
    assert not SourceFilter.of(False).any
    for wrong in (3, {"inside": []}, {"includes": 1}, [1]):
        with pytest.raises(ParsingError):
            SourceFilter.of(wrong)


def test_parameters() -> None:
    assert SourceFilter.of_parameters(["false"], None, None) == SourceFilter(any=False)
    assert SourceFilter.of_parameters(["true"], None, ["a"]) == SourceFilter(True, (), ("a",))
    assert SourceFilter.of_parameters(["a", "b"], None, None) == SourceFilter(True, ("a", "b"))
    assert SourceFilter.of_parameters(None, None, None, default=False) == SourceFilter(any=False)
    assert SourceFilter.of_parameters(None, ["a"], None, default=False).any
