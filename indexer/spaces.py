"""Semantic spaces: which vectors an index keeps, and of which texts.

Every index with a body field has one space for each family in its settings, named by it: `bert`
(sentences prefixed by their title, or whole passages), `word2vec` and `glove` (one vector a passage,
from a model trained on the index itself or loaded). Each dense_vector field is a space of its own.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass
from typing import Any

from .errors import InvalidRequest
from .mapping import Mapping

FAMILIES = ("bert", "word2vec", "glove")
TEXTS_VERSION = 1  # of how texts are cut for embedding; another one's vectors are made again
MAX_SENTENCES = 1000  # vectors of one document at most: the rest of a book-long text is found by its words


@dataclass(frozen=True)
class Space:
    """One space: where its texts come from and how they become vectors."""

    name: str
    family: str  # bert | word2vec | glove | field
    body: str  # the field that is embedded; for family "field", the dense_vector field
    title: str | None = None
    vectors: str = "sentence"  # sentence | passage
    model: str | None = None
    metric: str = "cosine"
    dimension: int = 0

    @property
    def identity(self) -> str:
        """Changes when the texts that are embedded would; the model's own fingerprint comes on top."""
        return f"{TEXTS_VERSION}:{self.family}:{self.vectors}:{self.title}:{self.body}:{self.metric}:{self.dimension}"


@dataclass(frozen=True)
class SemanticSettings:
    """The `semantic` part of an index's settings."""

    families: tuple[str, ...] = FAMILIES
    vectors: str = "sentence"
    models: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def parse(cls, body: MappingABC[str, Any] | None) -> SemanticSettings:
        """Check and take `{"families": [...], "vectors": "sentence"|"passage", "models": {family: ...}}`."""
        if body is not None and not isinstance(body, dict):
            raise InvalidRequest("[index.semantic] must be an object: families, vectors, models")
        body = dict(body or {})
        unknown = set(body) - {"families", "vectors", "models"}
        if unknown:
            raise InvalidRequest(
                f"unknown setting [index.semantic.{sorted(unknown)[0]}]; known: families, vectors, models"
            )
        families = body.get("families", FAMILIES)
        if isinstance(families, str):
            families = [f for f in families.split(",") if f]
        if not isinstance(families, list | tuple):
            raise InvalidRequest("[index.semantic.families] must be a list of families")
        wrong = [f for f in families if f not in FAMILIES]
        if wrong:
            raise InvalidRequest(
                f"unknown family [{wrong[0]}] in [index.semantic.families]; known: {', '.join(FAMILIES)}"
            )
        vectors = body.get("vectors", "sentence")
        if vectors not in ("sentence", "passage"):
            raise InvalidRequest(f"[index.semantic.vectors] must be sentence or passage, not [{vectors}]")
        models = body.get("models", {})
        if not isinstance(models, dict) or set(models) - set(FAMILIES):
            raise InvalidRequest(f"[index.semantic.models] names a model for each of {', '.join(FAMILIES)}")
        return cls(tuple(families), vectors, tuple(sorted(models.items())))


def spaces_of(mapping: Mapping, settings: MappingABC[str, Any], encoder: str) -> dict[str, Space]:
    """The spaces of an index with this mapping and these settings; `encoder` is the default BERT model."""
    out: dict[str, Space] = {}
    semantic = SemanticSettings.parse(settings.get("semantic"))
    models = dict(semantic.models)
    if mapping.body_field:
        title = mapping.title_field if mapping.title_field != mapping.body_field else None
        for family in semantic.families:
            vectors = semantic.vectors if family == "bert" else "passage"
            model = models.get(family, encoder if family == "bert" else None)
            out[family] = Space(family, family, mapping.body_field, title, vectors, model)
    for spec in mapping.fields.values():
        if spec.type == "dense_vector":
            metric = spec.params.get("similarity", "cosine")
            out[spec.path] = Space(spec.path, "field", spec.path, None, "passage", None, metric, spec.params["dims"])
    return out
