"""Chinese names of places, bodies, works and people, as jieba's dictionary knows them.

Segmentation decides what a word is, so that 华沙人口中新教徒 holds 华沙 and not 中新. The dictionary also tags
as people many strings of everyday words that its corpus held once or twice: rare ones and short ones are not
taken for names, and neither are places so common that they are words (东西, 城市).
"""

from __future__ import annotations

from functools import cache

from analysis.words import words

_PLACES, _WORKS, _PEOPLE = ("ns", "nt"), ("nz",), ("nr", "nrt", "nrfg")
COMMON = 3000  # from this frequency in jieba's corpus on, a place is a word of everyday language
KNOWN = 10  # below this frequency, what is tagged as a person often is none


@cache
def _names() -> frozenset[str]:
    from analysis.tokenizers.jieba import segmenter

    found = set()
    with segmenter().get_dict_file() as lines:
        for line in lines:
            word, frequency, tag = line.decode("utf-8").split()
            if (tag in _PLACES and len(word) > 1) or (tag in _WORKS and len(word) > 2):
                if int(frequency) < COMMON:
                    found.add(word)
            elif tag in _PEOPLE and len(word) > 2 and int(frequency) >= KNOWN:
                found.add(word)
    return frozenset(found)


def chinese_names(text: str) -> list[str]:
    """The names in a text, simplified, in order, once each; a second is needed to load the dictionary."""
    return list(dict.fromkeys(word for word in words(text) if word in _names()))
