"""Normalization by characters: Unicode forms, lower case, Traditional to Simplified, and all at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Literal

from analysis.components import Analyze, CharFilter, char_filters
from analysis.fold import clusters, fold
from analysis.mapped import Builder, Mapped
from analysis.options import Options
from analysis.unicode import HAN, class_bytes, fold_rows

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


def by_cluster(text: str, change: Callable[[str], str]) -> Mapped:
    """Apply a change to each character together with the marks that follow it."""
    if text.isascii():
        changed = change(text)
        if len(changed) == len(text):
            return Mapped(changed)
    built = Builder()
    for start, end in clusters(text):
        built.replace(change(text[start:end]), start, end)
    return built.finish()


def normalize_text(form: Form, casefold: bool = False) -> CharFilter:
    """Unicode normalization, with full case folding when asked (NFKC_Casefold without removals)."""

    def change(text: str) -> str:
        normal = unicodedata.normalize(form, text)
        return unicodedata.normalize(form, normal.casefold()) if casefold else normal

    return lambda text: by_cluster(text, change)


def lower_text(text: str) -> Mapped:
    """Lower case, character by character (no final sigma): İ becomes two characters."""
    if text.isascii():
        return Mapped(text.lower())
    pieces = [char.lower() for char in text]
    if len(lowered := "".join(pieces)) == len(text):
        return Mapped(lowered)
    built = Builder()
    for at, piece in enumerate(pieces):
        built.replace(piece, at, at + 1)
    return built.finish()


@cache
def simplified() -> dict[int, str]:
    """Traditional to Simplified: the rows of the fold table that turn one Han character into another."""
    classes, han = class_bytes(), ord(HAN)
    return {
        code: folded
        for code, folded in fold_rows().items()
        if folded is not None and len(folded) == 1 and classes[code] == han
    }


def simplify(text: str) -> str:
    """Fold Traditional Han characters to Simplified ones, each by itself (see ``analysis.fold``)."""
    return text if text.isascii() else text.translate(simplified())


@char_filters.register("fold", "multilingual")
def _fold(options: Options, before: Analyze) -> CharFilter:
    return fold


@char_filters.register("t2s")
def _t2s(options: Options, before: Analyze) -> CharFilter:
    return lambda text: Mapped(simplify(text))


@char_filters.register("lowercase")
def _lowercase(options: Options, before: Analyze) -> CharFilter:
    return lower_text


@char_filters.register("nfkc", "icu_normalizer")
def _normalizer(options: Options, before: Analyze) -> CharFilter:
    default = "nfkc_cf" if options.where.endswith("[icu_normalizer]") else "nfkc"
    name = options.choice("name", default, ("nfc", "nfkc", "nfkc_cf"))
    options.choice("mode", "compose", ("compose",))
    return normalize_text("NFC" if name == "nfc" else "NFKC", casefold=name == "nfkc_cf")
