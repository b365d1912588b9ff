"""`filter_path`, with the examples of Elasticsearch's reference."""

from __future__ import annotations

from typing import Any

import pytest

from api.filter_path import filter_response

ANSWER: dict[str, Any] = {
    "took": 3,
    "timed_out": False,
    "hits": {
        "total": {"value": 2},
        "hits": [
            {"_id": "0", "_score": 1.5, "_source": {"title": "甲", "book": {"title": "乙", "pages": 3}}},
            {"_id": "1", "_score": 0.5, "_source": {"title": "丙"}},
        ],
    },
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("took", {"took": 3}),
        ("took,hits.hits._id,hits.hits._score", {
            "took": 3,
            "hits": {"hits": [{"_id": "0", "_score": 1.5}, {"_id": "1", "_score": 0.5}]},
        }),
        ("t*", {"took": 3, "timed_out": False}),
        ("hits.*.value", {"hits": {"total": {"value": 2}}}),
        ("**.pages", {"hits": {"hits": [{"_source": {"book": {"pages": 3}}}]}}),
        ("hits.**.title", {"hits": {"hits": [
            {"_source": {"title": "甲", "book": {"title": "乙"}}}, {"_source": {"title": "丙"}},
        ]}}),
        ("-hits", {"took": 3, "timed_out": False}),
        ("hits.hits,-**._source,-hits.hits._score", {"hits": {"hits": [{"_id": "0"}, {"_id": "1"}]}}),
        ("nothing", {}),
        ("took.deeper", {}),
    ],
)  # fmt: skip
def test_paths_choose_and_leave_out(expression: str, expected: dict[str, Any]) -> None:
    assert filter_response(ANSWER, expression) == expected


def test_the_answer_itself_is_not_changed() -> None:
    before = repr(ANSWER)
    filter_response(ANSWER, "-**._id,-took")
    assert repr(ANSWER) == before
