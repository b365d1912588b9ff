"""`quarry snapshot ACTION DIR [NAME]`: copies of indices in a folder, and back."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .display import Display
from .places import AsJson, Data, Quiet, opened
from .terminal import FAILED

if TYPE_CHECKING:
    from indexer.snapshots import Repository, Snapshot


class Action(StrEnum):
    """What to do with snapshots."""

    CREATE = "create"
    RESTORE = "restore"
    LIST = "list"
    DELETE = "delete"
    VERIFY = "verify"


def snapshot(
    action: Annotated[Action, typer.Argument(help="create, restore, list, delete or verify.")],
    folder: Annotated[Path, typer.Argument(help="The folder of snapshots; create makes it.", metavar="DIR")],
    name: Annotated[
        str | None, typer.Argument(help="The snapshot. Default: create by the time, restore the last.")
    ] = None,
    index: Annotated[
        list[str] | None, typer.Option("--index", "-i", help="Only these indices; * is a wildcard.")
    ] = None,
    rename: Annotated[
        str | None, typer.Option(help="Restore under other names: PATTERN=REPLACEMENT, $1 a group.")
    ] = None,
    no_aliases: Annotated[bool, typer.Option("--no-aliases", help="Restore without aliases.")] = False,
    data: Data = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Copy indices into a folder, bring them back, list, delete and verify such copies.

    Only what has changed since the last snapshot is stored. A service may run on the data directory
    meanwhile. A restored index needs no new vectors where the same model is installed.
    """
    if rename is not None and "=" not in rename:
        raise typer.BadParameter("PATTERN=REPLACEMENT is expected", param_hint="--rename")
    from .places import settings_with

    settings_with()  # before the rooms below are imported: it says where compiled kernels are
    from indexer.snapshots import Repository

    repository = Repository(folder, create=action == Action.CREATE)
    with Display(quiet or as_json) as display:

        def follow(phase: str, done: int, total: int) -> None:
            display.phase(phase, "bytes")
            display.update(done / max(total, 1), done)

        if action == Action.CREATE:
            _create(repository, name, index, data, as_json, follow)
        elif action == Action.RESTORE:
            _restore(repository, name, index, rename, not no_aliases, data, as_json, follow)
        elif action == Action.LIST:
            _list(repository, name, as_json)
        elif action == Action.DELETE:
            if name is None:
                raise typer.BadParameter("name the snapshot to delete", param_hint="NAME")
            repository.delete([name])
            print(json.dumps({"deleted": name}) if as_json else f"{name} is deleted")
        else:
            _verify(repository, name, as_json, follow)


def _create(
    repository: Repository, name: str | None, index: list[str] | None, data: Path | None, as_json: bool, follow: Any
) -> None:
    name = name or datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    with opened(data) as node:
        names = [str(target) for target in node.resolve(index or None)]
        made = repository.create(node, name, names, progress=follow)
    if as_json:
        print(json.dumps(_body(made), ensure_ascii=False))
        return
    new = sum(one.added_bytes for one in made.indices)
    whole = sum(one.size for one in made.indices)
    print(f"{name}: {len(names)} indices, {_size(whole)}, {_size(new)} of it new, in {made.end - made.start:.1f} s")


def _restore(
    repository: Repository,
    name: str | None,
    index: list[str] | None,
    rename: str | None,
    aliases: bool,
    data: Path | None,
    as_json: bool,
    follow: Any,
) -> None:
    if name is None:
        known = repository.names()
        if not known:
            raise typer.BadParameter(f"there is no snapshot in {repository.folder}", param_hint="NAME")
        name = known[-1]
    began = time.monotonic()
    with opened(data) as node:
        from indexer.snapshots import Restoring

        pattern = tuple(rename.split("=", 1)) if rename else None
        came = Restoring(index or None, aliases=aliases, rename=pattern).run(node, repository, name, follow)  # type: ignore[arg-type]
    if as_json:
        print(json.dumps({"snapshot": name, "indices": came}, ensure_ascii=False))
        return
    print(f"{name}: {', '.join(came) or 'nothing'} restored in {time.monotonic() - began:.1f} s")


def _list(repository: Repository, name: str | None, as_json: bool) -> None:
    from indexer.errors import QuarryError

    rows = []
    for one in [name] if name is not None else repository.names():
        try:
            rows.append(_body(repository.get(one)))
        except QuarryError as error:
            if name is not None:
                raise
            rows.append({"snapshot": one, "damaged": error.reason})
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        if "damaged" in row:
            print(f"{row['snapshot']}: {row['damaged']}")
            continue
        indices = ", ".join(f"{i['index']} ({i['documents']:,})" for i in row["indices"])
        print(f"{row['snapshot']}  {row['start']}  {_size(row['bytes'])}  {indices}")


def _body(made: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": made.name,
        "start": datetime.fromtimestamp(made.start, UTC).isoformat(timespec="seconds"),
        "seconds": round(made.end - made.start, 3),
        "bytes": sum(one.size for one in made.indices),
        "new_bytes": sum(one.added_bytes for one in made.indices),
        "indices": [{"index": one.name, "documents": one.documents, "bytes": one.size} for one in made.indices],
    }


def _verify(repository: Repository, name: str | None, as_json: bool, follow: Any) -> None:
    names = [name] if name is not None else repository.names()
    if name is not None:
        repository.get(name)
    damaged = repository.verify(names, follow)
    if as_json:
        found = [{"what": one.what, "reason": one.reason, "needed_by": list(one.users)} for one in damaged]
        print(json.dumps({"snapshots": names, "damaged": found}, ensure_ascii=False))
    else:
        for one in damaged:
            print(f"damaged: {one.what}: {one.reason} (needed by {', '.join(one.users[:5])})")
        print(f"{len(names)} snapshots verified, {len(damaged)} damaged files")
    if damaged:
        raise typer.Exit(FAILED)


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
