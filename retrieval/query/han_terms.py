"""Values of several Han characters against fields whose terms are single characters and pairs."""

from __future__ import annotations

from ..context import SearchContext
from .base import Query
from .constant_score import ConstantScore
from .graph import is_han, is_pair


def han_value(ctx: SearchContext, path: str, value: str) -> bool:
    """Whether a text field has no term as long as this value: it is analyzed to several Han tokens."""
    spec = ctx.field(path)
    if spec is None or not spec.is_text:
        return False
    tokens = ctx.analyzer(spec).phrase_tokens(value)
    return len(tokens) > 1 and any(is_han(token) or is_pair(token) for token in tokens)


def as_phrase(ctx: SearchContext, path: str, value: str, boost: float, begun: bool) -> Query | None:
    """Such a value as a phrase (its last word only begun), with a constant score; None for other values."""
    from .match_phrase import MatchPhrase
    from .match_phrase_prefix import MatchPhrasePrefix

    if not han_value(ctx, path, value):
        return None
    found = MatchPhrasePrefix(path, value, expansions=1024) if begun else MatchPhrase(path, value)
    return ConstantScore(found, boost)
