"""`quarry reindex ALIAS`: puts a new index behind an alias, while it is searched and written to."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .display import Display
from .places import AsJson, Data, Quiet, Url, opened
from .terminal import INTERRUPTED, Failed

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

POLL = 0.2  # seconds between two looks at a service's progress


def reindex(
    alias: Annotated[str, typer.Argument(help="The alias; an index of this name becomes one.")],
    mappings: Annotated[Path | None, typer.Option(help="JSON file: the new index's mappings.")] = None,
    settings: Annotated[Path | None, typer.Option(help="JSON file: settings to change.")] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the index before, with later writes.")
    ] = False,
    no_vectors: Annotated[bool, typer.Option("--no-vectors", help="Leave them to a running service.")] = False,
    data: Data = None,
    url: Url = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fill a new index beside the old one, then move the alias to it in one step.

    Searches and writes go on meanwhile. The old index is kept for --rollback; delete it when it is not
    wanted any more. Interrupted, the same command goes on where it stopped.
    """
    if rollback and (mappings or settings):
        raise typer.BadParameter("goes back to an index as it was: no mappings, no settings", param_hint="--rollback")
    body = {"mappings": _read(mappings, "--mappings"), "settings": _read(settings, "--settings")}
    with Display(quiet) as display:

        def follow(phase: str, done: int, total: int) -> None:
            display.phase(phase)
            display.update(done / max(total, 1), done)

        try:
            run = _here if url is None else _there
            answer = run(alias, body, rollback, not no_vectors, follow, data, url)
        except KeyboardInterrupt:
            display.say("Interrupted; nothing was switched. Run the same command again to go on.")
            raise typer.Exit(INTERRUPTED) from None
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    print(
        f"{alias} is now {answer['index']} ({answer['documents']:,} documents, {answer['took'] / 1000:.1f} s); "
        f"{answer['previous']} is kept: quarry reindex {alias} --rollback"
    )


def _read(path: Path | None, option: str) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint=option) from None
    except ValueError as error:
        raise typer.BadParameter(f"{path} is not JSON: {error}", param_hint=option) from None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{path} must hold a JSON object", param_hint=option)
    inner = found.get(option.strip("-"), found)  # a body of PUT /index is taken as well
    return dict(inner)


def _here(
    alias: str, body: dict[str, Any], rollback: bool, vectors: bool, follow: Any, data: Path | None, url: str | None
) -> dict[str, Any]:
    with opened(data) as node:
        from indexer.reindex import Reindexing

        road = Reindexing(node, alias, follow)
        return (road.rollback() if rollback else road.run(body["mappings"], body["settings"], vectors)).to_dict()


def _there(
    alias: str, body: dict[str, Any], rollback: bool, vectors: bool, follow: Any, data: Path | None, url: str | None
) -> dict[str, Any]:
    """The same in a running service, followed by its task."""
    from indexer.targets import connect

    assert url is not None
    with connect(url) as client:
        path = f"/{alias}/_reindex/_rollback" if rollback else f"/{alias}/_reindex"
        given = None if rollback else {name: part for name, part in body.items() if part is not None}
        parameters = {"wait_for_completion": "false", "vectors": str(vectors).lower()}
        task = str(_post(client, path, parameters, given)["task"])
        try:
            while True:
                found = client.tasks.get(task_id=task).body
                status = found["task"]["status"]
                if status:
                    follow(status["phase"], status["done"], status["total"])
                if found["completed"]:
                    break
                time.sleep(POLL)
        except KeyboardInterrupt:
            client.tasks.cancel(task_id=task)
            raise
    if "error" in found:
        raise Failed(str(found["error"]["reason"]))
    return dict(found["response"])


def _post(client: Elasticsearch, path: str, parameters: dict[str, str], body: Any) -> Any:
    headers = {"accept": "application/json", "content-type": "application/json"}
    return client.perform_request("POST", path, params=parameters, headers=headers, body=body or None).body
