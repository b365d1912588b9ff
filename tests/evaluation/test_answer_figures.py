"""Answer figures: gold matching, the three rounds of a question, and citations to the character."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation import Question, evaluate_answers
from evaluation.gold import fold, holds, without_markers


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("It has 1,000 seats [1].", "1,000"),
        ("ＧＰＴ－４ 于2023年发布。", "gpt-4"),
        ("出生于1918 年 的他", "1918年"),
        ("《战国无双3》是光荣的游戏", "战国无双3"),
        ("He lived in “New\nYork”.", "new york"),
        ("增长了 12.5％", "12.5%"),
    ],
)
def test_a_gold_answer_is_found_whatever_the_width_case_and_spacing(text, gold):
    assert holds(text, ["something else", gold])


@pytest.mark.parametrize(
    ("text", "gold"), [("It was 1918.", "1919"), ("newyork", "new york"), ("text", "。"), ("", "a")]
)
def test_other_text_does_not_hold_it(text, gold):
    assert not holds(text, [gold])


def test_citation_marks_are_no_part_of_an_answer():
    assert without_markers("第一句。[1] Second [2][3].") == "第一句。 Second."
    assert fold(without_markers("北京 [1] 大学")) == "北京大学"


TEXT = "𠮷野家在东京。Its first shop opened in 1899. 😀很受欢迎。"


class Scripted:
    """A searcher that answers as it is told: by refusal, and whether the gold document is removed."""

    def __init__(self, answers: dict[tuple[str, bool], dict[str, Any]]) -> None:
        self.answers = answers

    def search(self, text: str, mode: str, size: int) -> list[tuple[str, float]]:
        return []

    def ask(self, question: str, refusal: str, without: Any, answerer: str | None) -> dict[str, Any]:
        return {"took": 4, **self.answers[refusal, bool(without)]}

    def document(self, doc_id: str) -> dict[str, Any] | None:
        return {"d": {"inner": {"text": TEXT}}}.get(doc_id)


def answer(start: int, end: int, quote: str, document: str = "d") -> dict[str, Any]:
    citation = {"n": 1, "_id": document, "field": "inner.text", "start": start, "end": end, "quote": quote}
    return {"answered": True, "answer": f"{quote} [1]", "citations": [citation]}


REFUSED: dict[str, Any] = {"answered": False, "answer": None, "citations": []}
GOOD = answer(8, 38, TEXT[8:38])


def figures(**answers: dict[str, Any]):
    script = {("off", False): GOOD, ("calibrated", False): GOOD, ("calibrated", True): REFUSED}
    names = {"off": ("off", False), "on": ("calibrated", False), "removed": ("calibrated", True)}
    script |= {names[name]: response for name, response in answers.items()}
    seen: list[int] = []
    questions = [Question("q", "什么时候 opened?", ("1899",), ("d",))] * 2
    report = evaluate_answers(questions, Scripted(script), None, 2, lambda _, done, total: seen.append(done))
    assert seen == [1, 2]
    return report


def test_a_right_answer_and_a_right_refusal():
    report = figures()
    assert (report.held, report.answered, report.answered_held, report.false_answers) == (1, 1, 1, 0)
    assert (report.citations.checked, report.citations.wrong, report.took) == (4, (), 4)


def test_a_wrong_refusal_a_wrong_answer_and_a_false_answer():
    assert figures(on=REFUSED).answered == 0
    wrong = answer(0, 7, TEXT[0:7])
    report = figures(off=wrong, on=wrong, removed=wrong)
    assert (report.held, report.answered, report.answered_held, report.false_answers) == (0, 1, 0, 1)


@pytest.mark.parametrize(
    "citation", [answer(9, 38, TEXT[8:38]), answer(8, 38, TEXT[8:38].upper()), answer(8, 38, TEXT[8:38], "gone")]
)
def test_a_citation_that_is_not_its_slice_is_found(citation):
    wrong = figures(removed=citation).citations
    assert (wrong.checked, len(wrong.wrong)) == (6, 2)
