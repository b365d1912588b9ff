"""The three kinds of parts of a chain, and the registries of their variants."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from analysis.mapped import Mapped
from analysis.options import InvalidAnalysis, Options
from analysis.token import Token


class CharFilter(Protocol):
    """Changes a text before it is cut."""

    def __call__(self, text: str) -> Mapped:
        """The changed text, each character with its origin."""


class Tokenizer(Protocol):
    """Cuts a text."""

    def __call__(self, text: str) -> list[Token]:
        """Tokens in order; offsets into ``text``, positions from 0 without gaps at the end."""


class PhrasedTokenizer(ABC):
    """A tokenizer whose tokens overlap: phrases go along a part of them."""

    @abstractmethod
    def __call__(self, text: str) -> list[Token]:
        """All tokens."""

    @abstractmethod
    def for_phrases(self) -> Tokenizer:
        """The tokenizer of the phrase stream."""

    def for_questions(self) -> Tokenizer:
        """The tokenizer of questions in which this one finds nothing."""
        return self


class TokenFilter(ABC):
    """Changes, drops or adds tokens."""

    @abstractmethod
    def __call__(self, tokens: list[Token]) -> list[Token]:
        """The new tokens, ordered by position."""


class TermFilter(TokenFilter):
    """A filter that looks at one term alone: it can be applied to a vocabulary, once a word.

    ``folds``: it only folds characters, so that it also normalizes the terms of wildcard queries.
    """

    folds = False

    @abstractmethod
    def term(self, term: str) -> str | None:
        """The changed term; None drops its tokens and leaves a gap."""

    def many(self, terms: list[str | None]) -> list[str | None]:
        """``term`` of each; None stays None."""
        return [None if term is None else self.term(term) for term in terms]

    def __call__(self, tokens: list[Token]) -> list[Token]:
        kept = []
        for token in tokens:
            term = self.term(token.term)
            if term is not None:
                kept.append(token if term == token.term else token._replace(term=term))
        return kept


Part = TypeVar("Part")
Analyze = Callable[[str], list[Token]]
Factory = Callable[[Options, Analyze], Part]


class Registry(Generic[Part]):
    """Names of the variants of one kind of part. A factory gets the settings and the chain so far."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._factories: dict[str, Factory[Part]] = {}

    def register(self, *names: str) -> Callable[[Factory[Part]], Factory[Part]]:
        """Decorator: the factory makes the variants of these names."""

        def add(factory: Factory[Part]) -> Factory[Part]:
            self._factories.update(dict.fromkeys(names, factory))
            return factory

        return add

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._factories)

    def check(self, name: Any, where: str) -> None:
        """InvalidAnalysis when there is no variant of this name."""
        if not isinstance(name, str):
            raise InvalidAnalysis(f"{where}: needs a [type]")
        if name not in self._factories:
            raise InvalidAnalysis(f"{where}: unknown {self.kind} [{name}]; choose one of {', '.join(self.names())}")

    def make(self, name: str, options: Options, before: Analyze) -> Part:
        """The variant of a name.

        Raises:
            InvalidAnalysis: unknown name, or settings that the variant refuses.
        """
        part = self._factories[name](options, before)
        options.finish()
        return part


char_filters: Registry[CharFilter] = Registry("char_filter")
tokenizers: Registry[Tokenizer] = Registry("tokenizer")
token_filters: Registry[TokenFilter] = Registry("filter")
