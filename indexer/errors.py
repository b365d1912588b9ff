"""What can go wrong with an index or a request, in Elasticsearch's vocabulary.

Every error that a user can cause is a :class:`QuarryError`: a type that Elasticsearch's clients know,
a sentence that says what to do, and the HTTP status under which the API reports it.
"""

from __future__ import annotations

from typing import Any


class QuarryError(Exception):
    """An error with Elasticsearch's `type`, a `reason` in words, and an HTTP `status`."""

    type = "exception"
    status = 500

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details

    def to_dict(self) -> dict[str, Any]:
        """The error's body, as it stands under `error` in a response."""
        return {"type": self.type, "reason": self.reason, **self.details}


class IndexNotFound(QuarryError):
    type = "index_not_found_exception"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"no such index [{name}]", index=name, resource={"type": "index_or_alias", "id": name})
        self.details = {"index": name, "resource.type": "index_or_alias", "resource.id": name}


class IndexExists(QuarryError):
    type = "resource_already_exists_exception"
    status = 400

    def __init__(self, name: str, uuid: str) -> None:
        super().__init__(f"index [{name}/{uuid}] already exists", index=name, index_uuid=uuid)


class InvalidIndexName(QuarryError):
    type = "invalid_index_name_exception"
    status = 400


class InvalidRequest(QuarryError):
    """A request whose parts are known but whose values cannot be taken."""

    type = "illegal_argument_exception"
    status = 400


class ParsingError(QuarryError):
    """A request with an unknown key or a part of the wrong shape."""

    type = "parsing_exception"
    status = 400


class InvalidMapping(QuarryError):
    type = "mapper_parsing_exception"
    status = 400


class InvalidDocument(QuarryError):
    """A document that the mapping cannot take; nothing of it was written."""

    type = "document_parsing_exception"
    status = 400


class StrictMapping(InvalidDocument):
    """A document with a field that a strict mapping does not have."""

    type = "strict_dynamic_mapping_exception"


class DocumentMissing(QuarryError):
    type = "document_missing_exception"
    status = 404


class VersionConflict(QuarryError):
    type = "version_conflict_engine_exception"
    status = 409


class IndexUnreadable(QuarryError):
    """A store of another version or a damaged truth: refused with what to do."""

    type = "index_format_too_new_exception"
    status = 500


class SpaceUnavailable(QuarryError):
    """A search mode whose model is not installed or not trained yet."""

    type = "status_exception"
    status = 409


class TooManyRequests(QuarryError):
    type = "es_rejected_execution_exception"
    status = 429


class PointMissing(QuarryError):
    """A point in time that was closed, has expired, or never was."""

    type = "search_context_missing_exception"
    status = 404

    def __init__(self, token: str) -> None:
        super().__init__(f"No search context found for id [{token}]; open a new point in time")


class TruthDamaged(QuarryError):
    """A part of the truth is not what was written."""

    type = "corrupt_index_exception"
    status = 500

    seq: int | None = None
    """The write that is damaged, where it is one document."""

    @classmethod
    def row(cls, seq: int, doc_id: str) -> TruthDamaged:
        found = cls(
            f"the stored document [{doc_id}] (write {seq}) is damaged; write it again, delete it, or restore a snapshot"
        )
        found.seq = seq
        return found


class StorageFull(QuarryError):
    """No space left on the device."""

    type = "io_exception"
    status = 507


class StorageFailure(QuarryError):
    """The device or the file system fails."""

    type = "io_exception"
    status = 500
