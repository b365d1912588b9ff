"""Finding the terms of a dictionary: by prefix, pattern, regular expression, edit distance or range.

A pattern becomes a deterministic automaton over classes of characters; it is run over the sorted
dictionary, each shared beginning once, in time linear in the dictionary whatever the pattern. An edit
distance is computed the same way, row by row of its table.

::

    node = wildcard("te?t*") | parse_regexp("ab~c", flags) | prefix_of("te") | literal("test")
    node = folded(node, fold)              # fold: what a character becomes in this field, or its variants
    pattern = determinize(node, max_states)     # TooComplex beyond
    words = Dictionaries(segments, tombstones, field, check)
    found = words.pattern(pattern) | words.range(low, high) | words.similar(term, edits, prefix, swaps)
    found.mask() -> bool[documents]        # live documents with any of the terms
    found.terms(limit) -> list[bytes]      # live terms in byte order
"""

from .automaton import Pattern, TooComplex, determinize
from .dictionary import Dictionaries, Expansion, Similar
from .regexp import FLAGS, RegexpError, parse_regexp
from .syntax import Node, folded, literal, prefix_of
from .wildcard import wildcard

__all__ = [
    "FLAGS",
    "Dictionaries",
    "Expansion",
    "Node",
    "Pattern",
    "RegexpError",
    "Similar",
    "TooComplex",
    "determinize",
    "folded",
    "literal",
    "parse_regexp",
    "prefix_of",
    "wildcard",
]
