"""query_string: Lucene's query syntax as typed by a person; see :mod:`.query_syntax`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from indexer import ParsingError

from ..context import SearchContext
from .base import Parser, Query, options, query_type
from .clauses import Clauses, Group
from .dates import zone_of
from .field_list import Fields, fields_of, lenient_by_default
from .fuzziness import MAX_EXPANSIONS, Fuzziness, Fuzzy
from .match_phrase import MAX_SLOP
from .multi_match import KINDS
from .multi_term import STATES, rewrite_of
from .options import boost_of, choice, flag, minimum_rule, name, number, operator_of, required_text, whole
from .query_syntax import SyntaxReader
from .regexp import MAX_STATES
from .rewriting import Rewritten

_KEYS = {
    "query", "default_field", "fields", "default_operator", "analyzer", "quote_analyzer", "lenient", "type",
    "tie_breaker", "minimum_should_match", "phrase_slop", "fuzziness", "fuzzy_prefix_length", "fuzzy_max_expansions",
    "fuzzy_transpositions", "fuzzy_rewrite", "allow_leading_wildcard", "analyze_wildcard", "rewrite", "time_zone",
    "auto_generate_synonyms_phrase_query", "enable_position_increments", "escape", "max_determinized_states",
}  # fmt: skip
_PARAMETERS = {"df", "default_operator", "analyzer", "lenient", "analyze_wildcard"}


@query_type
@dataclass(frozen=True)
class QueryString(Rewritten):
    """A text in Lucene's syntax; words without a field are looked for in the default fields."""

    type: ClassVar[str] = "query_string"
    tree: Query
    name: str | None = None

    @classmethod
    def parse(cls, parser: Parser, body: Any) -> QueryString:
        found = options(cls.type, body, _KEYS)
        if found.get("fields") is not None and found.get("default_field") is not None:
            raise ParsingError("[query_string] takes [fields] or [default_field], not both")
        if not flag(cls.type, found, "enable_position_increments", True):
            raise ParsingError("[query_string] always counts the positions of stop words")
        text = required_text(cls.type, found)
        if flag(cls.type, found, "escape", False):
            text = "".join(f"\\{c}" if c in '+-!(){}[]^"~*?:\\/&|<>=' else c for c in text)
        default = [found["default_field"]] if found.get("default_field") is not None else ["*"]
        fields = fields_of(cls.type, found.get("fields") or default)
        reader = SyntaxReader(
            text, fields, _clauses(found, fields), parser.max_depth, parser.max_clauses,
            minimum_rule(cls.type, found), flag(cls.type, found, "allow_leading_wildcard", True),
        )  # fmt: skip
        tree, boost = reader.read(), boost_of(found)
        return cls(tree if boost == 1.0 else Group(must=(tree,), boost=boost), found.get("_name"))

    @classmethod
    def plain(cls, text: str, options: Mapping[str, Any]) -> QueryString:
        """The `q` of a URL, with its parameters `df`, `default_operator`, `analyzer`, `lenient` and
        `analyze_wildcard` where `options` has them."""
        found: dict[str, Any] = {k: v for k, v in options.items() if k in _PARAMETERS and v is not None}
        if "df" in found:
            found["default_field"] = found.pop("df")
        return cls.parse(Parser(), {"query": text, **found})

    def rewrite(self, ctx: SearchContext) -> Query:
        return self.tree

    def children(self) -> Iterator[Query]:
        yield self.tree


def _clauses(found: Mapping[str, Any], fields: Fields) -> Clauses:
    kind = QueryString.type
    flag(kind, found, "analyze_wildcard", False)  # patterns are always folded as the text is, never stemmed
    shape = choice(kind, {"type": found.get("type", KINDS[0])}, "type", KINDS)
    fuzzy = Fuzzy(
        Fuzziness.of(kind, found.get("fuzziness", "AUTO")),
        whole(kind, found, "fuzzy_prefix_length", 0, 0, 255),
        whole(kind, found, "fuzzy_max_expansions", 50, 1, MAX_EXPANSIONS),
        flag(kind, found, "fuzzy_transpositions", True),
    )
    sums = shape in ("most_fields", "bool_prefix")
    return Clauses(
        shape,
        number(kind, found, "tie_breaker", 1.0 if sums else 0.0, 0.0, 1.0),
        operator_of(kind, found, "default_operator"),
        flag(kind, found, "lenient", lenient_by_default(fields)),
        name(kind, found, "analyzer"),
        name(kind, found, "quote_analyzer"),
        fuzzy,
        whole(kind, found, "phrase_slop", 0, 0, MAX_SLOP),
        flag(kind, found, "auto_generate_synonyms_phrase_query", True),
        rewrite_of(kind, found.get("rewrite")),
        whole(kind, found, "max_determinized_states", STATES, 1, MAX_STATES),
        zone_of(kind, found.get("time_zone")),
    )
