"""Templates: which applies, what it gives, and which cannot stand beside each other."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InvalidRequest, Node, QuarryError
from indexer.admin_errors import AutoCreateForbidden, InvalidTemplate
from indexer.registry import State
from indexer.templates import (
    check_unused,
    composed,
    parse_component_template,
    parse_index_template,
    patterns_meet,
    put_component_template,
    put_index_template,
)
from settings import Settings

NAMES = ["".join(letters) for n in range(7) for letters in product("ab", repeat=n)]


@given(st.text(alphabet="ab*", max_size=3), st.text(alphabet="ab*", max_size=3))
def test_patterns_meet_where_some_name_matches_both(a, b):
    """Against all names of up to six letters: a shortest common name has no more than both patterns together."""
    assert patterns_meet(a, b) == any(fnmatchcase(name, a) and fnmatchcase(name, b) for name in NAMES)


def put(state, name, **body):
    put_index_template(state, name, parse_index_template(body))


def component(state, name, **template):
    put_component_template(state, name, parse_component_template({"template": template}))


def test_later_parts_win_and_objects_are_merged():
    state = State()
    component(
        state, "texts",
        settings={"index.refresh_interval": "5s", "analysis": {"analyzer": {"zh": {"type": "chinese"}}}},
        mappings={"properties": {
            "text": {"type": "text", "analyzer": "zh"}, "who": {"properties": {"name": {"type": "text"}}},
        }},
        aliases={"all": {}},
    )  # fmt: skip
    component(state, "dates", mappings={"properties": {"day": {"type": "date"}, "text": {"type": "keyword"}}})
    put(
        state, "news", index_patterns=["news-*"], composed_of=["texts", "dates"], priority=5,
        template={"settings": {"refresh_interval": "2s"}, "aliases": {"新闻": {"filter": {"term": {"l": "zh"}}}}},
    )  # fmt: skip
    put(state, "low", index_patterns=["*"], template={"settings": {"codec": "x"}})
    request = {
        "settings": {"index": {"number_of_replicas": 0}},
        "mappings": {"dynamic": False, "properties": {"who": {"properties": {"age": {"type": "long"}}}}},
        "aliases": {"all": {"is_write_index": True}},
    }
    whole = composed(state, "news-1", request)
    assert whole["settings"] == {
        "refresh_interval": "2s", "analysis": {"analyzer": {"zh": {"type": "chinese"}}}, "number_of_replicas": 0,
    }  # fmt: skip
    assert whole["mappings"] == {
        "dynamic": False,
        "properties": {
            "text": {"type": "keyword"},  # whole, without half of the old one's parameters
            "who": {"properties": {"name": {"type": "text"}, "age": {"type": "long"}}},
            "day": {"type": "date"},
        },
    }
    assert whole["aliases"] == {"all": {"is_write_index": True}, "新闻": {"filter": {"term": {"l": "zh"}}}}
    assert composed(state, "other", {})["settings"] == {"codec": "x"}


def test_templates_that_cannot_stand_are_refused():
    state = State()
    put(state, "a", index_patterns=["logs-*"], priority=1)
    with pytest.raises(InvalidRequest, match=r"matching patterns from existing templates \[a\].*same priority \[1\]"):
        put(state, "b", index_patterns=["*-x"], priority=1)
    put(state, "b", index_patterns=["*-x"], priority=2)
    put(state, "a", index_patterns=["logs*"], priority=1)  # in place of itself
    with pytest.raises(InvalidTemplate, match=r"specifies component templates \[nowhere\] that do not exist"):
        put(state, "c", index_patterns=["c"], composed_of=["nowhere"])
    component(state, "used", settings={})
    put(state, "c", index_patterns=["c"], composed_of=["used"])
    with pytest.raises(InvalidRequest, match=r"\[used\] cannot be removed as they are still in use.*\[c\]"):
        check_unused(state, ["used"])
    with pytest.raises(InvalidRequest, match="already exists"):
        put_index_template(state, "c", parse_index_template({"index_patterns": ["c"]}), create=True)
    for body in (
        {},
        {"index_patterns": []},
        {"index_patterns": ["A*"]},
        {"index_patterns": ["_x"]},
        {"index_patterns": ["x"], "priority": -1},
        {"index_patterns": ["x"], "priority": True},
        {"index_patterns": ["x"], "data_stream": {}},
        {"index_patterns": ["x"], "template": {"lifecycle": {}}},
        {"index_patterns": ["x"], "template": {"settings": {"no_such": 1}}},
        {"index_patterns": ["x"], "colour": "red"},
    ):
        with pytest.raises(QuarryError) as refused:
            parse_index_template(body)
        assert refused.value.status == 400
    with pytest.raises(InvalidTemplate):
        put(state, "Upper", index_patterns=["x"])


def test_an_index_that_is_made_by_writing_gets_its_template(node: Node, tmp_path):
    with node.registry.change() as change:
        put(
            change.state, "日志", index_patterns=["日志-*"],
            template={"settings": {"semantic": {"families": []}}, "aliases": {"日志": {}},
                      "mappings": {"properties": {"k": {"type": "keyword"}}}},
        )  # fmt: skip
        put(change.state, "strict", index_patterns=["made-*"], allow_auto_create=False)
    other = Node(Settings(data=tmp_path / "data"))
    with other.writing("日志-1", create=True) as index:
        assert index.mapping.fields["k"].type == "keyword"
    assert node.aliases() == {"日志": {"日志-1": {}}}
    with pytest.raises(AutoCreateForbidden, match=r"template \[strict\] forbids"), node.writing("made-1", create=True):
        pass
    other.close()
