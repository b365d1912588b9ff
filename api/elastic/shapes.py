"""The shapes of the bodies that administer indices: aliases, templates, reindexing, snapshots."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, RootModel

from api.shapes import Shape


class AliasActions(RootModel[dict[str, Any]]):
    """`actions`: a list of `add`, `remove` and `remove_index`, applied all or none."""


class AliasRequest(RootModel[dict[str, Any]]):
    """What an alias is: `filter`, `is_write_index`, `is_hidden`, `routing`."""


class IndexTemplate(RootModel[dict[str, Any]]):
    """`index_patterns`, `template` (settings, mappings, aliases), `composed_of`, `priority`."""


class ComponentTemplate(RootModel[dict[str, Any]]):
    """`template`: settings, mappings and aliases that index templates are composed of."""


class ReindexSource(Shape):
    """Where documents come from: which indices, which of their documents, which parts of them."""

    index: str | list[str]
    query: dict[str, Any] | None = None
    source: Any = Field(default=None, alias="_source", description="parts of the documents to copy")
    size: int = Field(default=1000, ge=1, le=10_000, description="documents of a batch")
    sort: Any = Field(default=None, description="not supported: documents are copied in the order of their writes")
    slice: Any = Field(default=None, description="not supported")
    remote: Any = Field(default=None, description="not supported")
    runtime_mappings: Any = Field(default=None, description="not supported")


class ReindexDestination(Shape):
    """Where documents go."""

    index: str
    op_type: Literal["index", "create"] = Field(default="index", description="create: only documents that are new")
    version_type: Literal["internal"] = "internal"
    pipeline: Any = Field(default=None, description="not supported")
    routing: Any = Field(default=None, description="not supported")


class ReindexRequest(Shape):
    """Copy documents from some indices into another."""

    source: ReindexSource
    dest: ReindexDestination
    conflicts: Literal["abort", "proceed"] = "abort"
    max_docs: int | None = Field(default=None, ge=1)
    size: int | None = Field(default=None, ge=1, description="the old name of max_docs")
    script: Any = Field(default=None, description="not supported")


class ByQueryRequest(Shape):
    """The documents to delete, or to write again."""

    query: dict[str, Any] | None = None
    conflicts: Literal["abort", "proceed"] | None = None
    max_docs: int | None = Field(default=None, ge=1)
    script: Any = Field(default=None, description="not supported")
    slice: Any = Field(default=None, description="not supported")


class RebuildRequest(Shape):
    """What the new index behind an alias is to be; what is not given stays as it is."""

    mappings: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None


class RepositoryRequest(Shape):
    """A folder of snapshots."""

    type: str
    settings: dict[str, Any] = Field(default_factory=dict, description="`location`: the folder")


class SnapshotRequest(Shape):
    """What a snapshot holds."""

    indices: str | list[str] | None = Field(default=None, description="names and patterns; all by default")
    ignore_unavailable: bool = False
    include_global_state: bool = Field(default=True, description="templates too")
    partial: bool = Field(default=False, description="accepted: a snapshot is whole or not at all")
    metadata: dict[str, Any] | None = None
    feature_states: list[str] | None = Field(default=None, description="accepted: there are none")


class RestoreRequest(Shape):
    """What of a snapshot comes back, and under which names."""

    indices: str | list[str] | None = Field(default=None, description="names and patterns; all by default")
    ignore_unavailable: bool = False
    include_aliases: bool = True
    include_global_state: bool = Field(default=False, description="templates too")
    rename_pattern: str | None = Field(default=None, description="a regular expression over index names")
    rename_replacement: str | None = Field(default=None, description="$1 is its first group")
    partial: bool = Field(default=False, description="accepted: a restore is whole or not at all")
    index_settings: dict[str, Any] | None = Field(default=None, description="settings to change on the way")
    ignore_index_settings: list[str] | None = Field(default=None, description="settings to leave out")
    feature_states: list[str] | None = Field(default=None, description="accepted: there are none")
