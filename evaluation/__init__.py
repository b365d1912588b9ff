"""Judged collections in; nDCG, MAP, MRR, recall, answer figures and TREC runs out."""

from .answering import AnswerReport, evaluate_answers
from .collection import Collection, InvalidCollection, Question, load_collection
from .measures import MEASURES, Figures, measure
from .ranking import RankingReport, evaluate_ranking
from .runs import read_run, write_run
from .searchers import MODES, EmbeddedSearcher, RestSearcher, Searcher

__all__ = [
    "MEASURES",
    "MODES",
    "AnswerReport",
    "Collection",
    "EmbeddedSearcher",
    "Figures",
    "InvalidCollection",
    "Question",
    "RankingReport",
    "RestSearcher",
    "Searcher",
    "evaluate_answers",
    "evaluate_ranking",
    "load_collection",
    "measure",
    "read_run",
    "write_run",
]
