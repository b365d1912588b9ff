"""Judged collections are read as they are, or refused with the line that is wrong."""

from __future__ import annotations

import json

import pytest

from evaluation import InvalidCollection, load_collection


@pytest.fixture
def folder(tmp_path):
    """A tiny bilingual collection with answers."""
    documents = [("d1", "北京", "北京是首都。"), ("d2", "Paris", "The capital of France.")]
    queries = [("q1", "首都"), ("q2", "capital"), ("q3", "unjudged")]
    rows = {
        "corpus.jsonl": [{"_id": i, "title": title, "text": text} for i, title, text in documents],
        "queries.jsonl": [{"_id": i, "text": text} for i, text in queries],
        "answers.jsonl": [{"_id": "q1", "question": "首都是哪里？", "answers": ["北京"], "context_ids": ["d1"]}],
    }
    for name, lines in rows.items():
        (tmp_path / name).write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td2\t1\n", "utf-8")
    return tmp_path


def test_queries_without_a_relevant_document_are_left_out(folder):
    found = load_collection(folder)
    assert found.queries == {"q1": "首都", "q2": "capital"}
    assert found.judgments == {"q1": {"d1": 2, "d2": 0}, "q2": {"d2": 1}}
    assert found.documents == 2
    assert [(q.text, q.answers, q.contexts) for q in found.questions] == [("首都是哪里？", ("北京",), ("d1",))]


def test_judgments_in_trecs_four_columns(folder):
    (folder / "qrels.tsv").unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("q1 0 d1 1\nq2 0 d2 1\n")
    assert load_collection(folder).judgments == {"q1": {"d1": 1}, "q2": {"d2": 1}}


def test_queries_of_another_folder_take_this_ones_judgments(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("english")
    (other / "queries.jsonl").write_text('{"_id": "q1", "text": "the capital"}\n{"_id": "q9", "text": "?"}')
    crossed = load_collection(folder).with_queries(other)
    assert crossed.queries == {"q1": "the capital"}
    assert crossed.judgments == {"q1": {"d1": 2, "d2": 0}}
    assert [q.text for q in crossed.questions] == ["the capital"]
    assert crossed.name.startswith("english")
    (other / "queries.jsonl").write_text('{"_id": "q9", "text": "?"}')
    with pytest.raises(InvalidCollection, match="no query id of"):
        load_collection(folder).with_queries(other)


def test_a_sample_is_spread_and_the_same_each_time(folder):
    found = load_collection(folder)
    assert found.sample(1).queries == {"q1": "首都"}
    assert found.sample(1).judgments == {"q1": {"d1": 2, "d2": 0}}
    assert found.sample(99).queries == found.queries


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        (
            "qrels.tsv",
            "query-id\tcorpus-id\tscore\nq1\td1\tx\n",
            "qrels.tsv:2: query id, document id and a whole number",
        ),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t0\n", "has a relevant document"),
        ("queries.jsonl", '{"_id": "q1"}', "queries.jsonl:1: text is missing"),
        ("queries.jsonl", "\n{", "queries.jsonl:2: not valid JSON"),
        ("answers.jsonl", '["x"]', "answers.jsonl:1: _id, question, answers, context_ids is missing"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(folder, name, content, reason):
    (folder / name).write_text(content)
    with pytest.raises(InvalidCollection, match=reason):
        load_collection(folder)


def test_a_folder_that_is_no_collection_is_refused(tmp_path):
    with pytest.raises(InvalidCollection, match="there is no folder"):
        load_collection(tmp_path / "missing")
    with pytest.raises(InvalidCollection, match=r"corpus\.jsonl"):
        load_collection(tmp_path)


@pytest.mark.parametrize(
    ("name", "documents", "queries", "judgments", "questions"),
    [("cranfield", 1400, 225, 1612, 0), ("npl", 11426, 93, 2083, 0), ("cmrc2018", 848, 3219, 3219, 3219)],
)
def test_the_development_collections(collection, name, documents, queries, judgments, questions):
    found = load_collection(collection(name))
    counts = (found.documents, len(found.queries), sum(map(len, found.judgments.values())), len(found.questions))
    assert counts == (documents, queries, judgments, questions)
