"""`quarry evaluate` on a tiny bilingual collection: figures, runs, and that nothing is left behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from cli import main
from evaluation import load_collection, measure, read_run

DOCUMENTS = {
    "zh1": ("北京", "北京是中国的首都，有三千年的历史。"),
    "zh2": ("上海", "上海是中国最大的城市，在长江口。"),
    "en1": ("Paris", "Paris is the capital of France and lies on the Seine."),
    "en2": ("Rhine", "The Rhine is a river that flows through Germany."),
}
QUERIES = {
    "q1": ("中国的首都", "zh1"),
    "q2": ("最大的城市", "zh2"),
    "q3": ("capital of France", "en1"),
    "q4": ("rivers", "en2"),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "tiny"
    made.mkdir()
    rows = [{"_id": i, "title": title, "text": text} for i, (title, text) in DOCUMENTS.items()]
    queries = [{"_id": i, "text": text} for i, (text, _) in QUERIES.items()]
    for name, lines in (("corpus", rows), ("queries", queries)):
        (made / f"{name}.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    judged = "".join(f"{query}\t{document}\t1\n" for query, (_, document) in QUERIES.items())
    (made / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return made


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("QUARRY_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / "data"


def test_figures_of_a_temporary_index_and_its_runs(folder, data, tmp_path, capsys):
    runs = tmp_path / "runs"
    assert main(["evaluate", str(folder), "--mode", "bm25,tfidf", "--json", "--runs", str(runs)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["collection"], found["documents"], found["queries"]) == ("tiny", 4, 4)
    assert found["modes"]["bm25"]["nDCG@10"] == 1.0
    assert set(found["modes"]["tfidf"]) == {"nDCG@10", "MAP", "MRR@10", "R@100", "queries_per_second"}
    run = read_run(runs / "tiny.bm25.run")
    assert measure(load_collection(folder).judgments, run).means["nDCG@10"] == 1.0
    assert not data.exists()
    assert not list(tmp_path.glob("quarry-evaluation-*"))


def test_an_existing_index_and_a_readable_table(folder, capsys):
    assert main(["index", str(folder), "--index", "tiny", "--no-vectors"]) == 0
    assert main(["evaluate", str(folder), "--index", "tiny", "--mode", "bm25", "--sample", "2"]) == 0
    shown = capsys.readouterr().out
    assert "tiny: 4 documents, 2 queries" in shown
    row = next(line for line in shown.split("\n") if line.startswith("bm25"))
    assert row.split()[1:5] == ["1.0000"] * 4


def test_queries_of_another_folder(folder, tmp_path, capsys):
    other = tmp_path / "english"
    other.mkdir()
    (other / "queries.jsonl").write_text('{"_id": "q1", "text": "北京"}')
    command = ["evaluate", str(folder), "--queries", str(other), "--mode", "bm25", "--json", "--no-answers"]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["queries"], found["modes"]["bm25"]["MRR@10"]) == (1, 1.0)


def test_an_index_that_is_not_there_is_one_line(folder, capsys):
    assert main(["evaluate", str(folder), "--index", "nowhere", "--mode", "bm25"]) == 1
    assert "no such index [nowhere]" in capsys.readouterr().err
