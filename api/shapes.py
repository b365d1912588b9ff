"""The shapes of request bodies: checked by pydantic, and the source of the OpenAPI description.

An unknown key is refused by name. Numbers and booleans are taken strictly, as JSON has them.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel


class Shape(BaseModel):
    """A body that takes its own keys and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Document(RootModel[dict[str, Any]]):
    """Any JSON object: the document itself."""


class UpdateRequest(Shape):
    """A partial update: `doc` is merged into the document, objects field by field."""

    doc: dict[str, Any] | None = Field(default=None, description="the fields to change")
    upsert: dict[str, Any] | None = Field(default=None, description="the document to write when there is none")
    doc_as_upsert: bool = Field(default=False, description="write `doc` when there is no document")
    detect_noop: bool = Field(default=True, description="an update that changes nothing writes nothing")
    source: Any = Field(default=None, alias="_source", description="parts of the document to return")


class MultiGetItem(Shape):
    """One document to get."""

    id: str | int = Field(alias="_id")
    index: str | None = Field(default=None, alias="_index")
    source: Any = Field(default=None, alias="_source", description="parts of the document to return")
    routing: str | int | None = Field(default=None, description="accepted; an index is one shard")


class MultiGetRequest(Shape):
    """Documents by id: `docs` with an index each, or `ids` of the path's index."""

    docs: list[MultiGetItem] | None = None
    ids: list[str | int] | None = None


class CreateIndexRequest(Shape):
    """What a new index is: its settings, its mapping and its aliases; the template that matches stands below."""

    settings: dict[str, Any] = Field(default_factory=dict, description="with or without the prefix `index.`")
    mappings: dict[str, Any] = Field(default_factory=dict, description="fields and their types")
    aliases: dict[str, dict[str, Any]] = Field(default_factory=dict, description="other names of it")


class Mappings(RootModel[dict[str, Any]]):
    """A mapping: `properties`, `dynamic` …"""


class IndexSettings(RootModel[dict[str, Any]]):
    """Settings of an index to change, with or without the prefix `index.`."""


class AnalyzeRequest(Shape):
    """A text, and what to analyse it with: an analyzer, a field's analyzer, or a chain given here."""

    text: str | list[str]
    analyzer: str | None = None
    field: str | None = None
    tokenizer: str | dict[str, Any] | None = None
    filter: list[str | dict[str, Any]] | None = None
    char_filter: list[str | dict[str, Any]] | None = None


class SearchRequest(RootModel[dict[str, Any]]):
    """A search in Elasticsearch's query DSL; docs/ lists the queries, retrievers and options."""


class CountRequest(Shape):
    """The query whose matches are counted."""

    query: dict[str, Any] | None = None


class Turn(Shape):
    """One earlier turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class AskRequest(Shape):
    """A question to answer from an index's documents; the options from `max_tokens` on are for generators."""

    question: str = Field(min_length=1, max_length=4000, description="in Chinese or in English")
    size: int = Field(default=5, ge=1, le=50, description="how many passages to answer from")
    filter: dict[str, Any] | list[dict[str, Any]] | None = Field(
        default=None, description="queries that passages must match"
    )
    answerer: Literal["extractive", "builtin", "openai"] | None = Field(
        default=None, description="who answers; by default the service's choice"
    )
    refusal: Literal["calibrated", "off"] = Field(default="calibrated", description="whether weak evidence is refused")
    stream: bool = Field(default=False, description="answer by server-sent events")
    history: list[Turn] | None = Field(default=None, max_length=100, description="earlier turns, oldest first")
    max_tokens: int | None = Field(default=None, ge=1, description="tokens of the answer at most")
    temperature: float | None = Field(default=None, ge=0, description="0: always the likeliest token")
    top_k: int | None = Field(default=None, ge=0, description="choose among the k likeliest tokens; 0: all")
    top_p: float | None = Field(default=None, ge=0, le=1, description="choose among tokens of this probability mass")
    repetition_penalty: float | None = Field(default=None, gt=0, description="above 1: repeat less")
    seed: int | None = Field(default=None, ge=0, description="the same seed gives the same answer")
    stop: str | list[str] | None = Field(default=None, description="texts that end the answer")


class FieldCapsRequest(Shape):
    """Fields to describe, with `*` as a wildcard."""

    fields: str | list[str] | None = None
