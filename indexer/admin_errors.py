"""What can go wrong with aliases, templates, tasks and snapshots, in Elasticsearch's vocabulary."""

from __future__ import annotations

from .errors import QuarryError


class InvalidAliasName(QuarryError):
    type = "invalid_alias_name_exception"
    status = 400


class AliasesNotFound(QuarryError):
    type = "aliases_not_found_exception"
    status = 404

    def __init__(self, names: list[str]) -> None:
        listed = ",".join(names)
        super().__init__(f"aliases [{listed}] missing")
        self.details = {"resource.type": "aliases", "resource.id": listed}


class NotAnAlias(QuarryError):
    """A write that had to go through an alias, to a name that is none."""

    type = "index_not_found_exception"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias",
            index=name,
        )


class AutoCreateForbidden(QuarryError):
    """A write to an index that is not there, and that its template does not let be made by writing."""

    type = "index_not_found_exception"
    status = 404

    def __init__(self, name: str, template: str) -> None:
        super().__init__(
            f"no such index [{name}] and composable template [{template}] forbids index auto creation; "
            f"make it with PUT /{name}",
            index=name,
        )


class IllegalState(QuarryError):
    """Something that the present state does not allow; Elasticsearch answers 500, but it is the request's fault."""

    type = "illegal_state_exception"
    status = 400


class ResourceNotFound(QuarryError):
    type = "resource_not_found_exception"
    status = 404


class TemplateMissing(QuarryError):
    type = "index_template_missing_exception"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"index_template [{name}] missing")


class InvalidTemplate(QuarryError):
    type = "invalid_index_template_exception"
    status = 400


class TaskCancelled(QuarryError):
    type = "task_cancelled_exception"
    status = 400


class RegistryDamaged(QuarryError):
    """The file of aliases and templates cannot be read."""

    type = "corrupt_state_exception"
    status = 500


class WritesNotCopied(QuarryError):
    """Documents that the new index of a reindexing cannot take; nothing was switched."""

    type = "reindex_failed_exception"
    status = 400


class RepositoryMissing(QuarryError):
    type = "repository_missing_exception"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"[{name}] missing")


class RepositoryRefused(QuarryError):
    """A repository that cannot be used as it is described."""

    type = "repository_exception"
    status = 400


class RepositoryUnverified(QuarryError):
    """A repository whose folder cannot be written or read."""

    type = "repository_verification_exception"
    status = 500


class SnapshotMissing(QuarryError):
    type = "snapshot_missing_exception"
    status = 404

    def __init__(self, repository: str, name: str) -> None:
        super().__init__(f"[{repository}:{name}] is missing")


class InvalidSnapshotName(QuarryError):
    type = "invalid_snapshot_name_exception"
    status = 400

    def __init__(self, repository: str, name: str, why: str) -> None:
        super().__init__(f"[{repository}:{name}] Invalid snapshot name [{name}], {why}")


class SnapshotDamaged(QuarryError):
    """A snapshot whose stored bytes are not those that were written; names what is damaged."""

    type = "snapshot_exception"
    status = 500


class RestoreRefused(QuarryError):
    """A restore that would change what is there; nothing was changed."""

    type = "snapshot_restore_exception"
    status = 400
