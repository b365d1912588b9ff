"""A process that writes, and forks others that do: so that a round costs no imports.

Commands are JSON lines on standard input, answers JSON lines on standard output:
`{"work": folder, "seed": n, "log": file, "threads": bool, "fail": n, "kind": k}` forks a writer and answers its
process number; `{"check": folder, "log": file}` forks a reader; `{"wait": pid}` answers the exit status.
A writer logs each batch before (`try`) and after (`done`) it is written, by appends that survive SIGKILL.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import orjson

from indexer import Index, Node, Operation, QuarryError
from indexer.verification import verify
from settings import Settings

BODY = {
    "mappings": {
        "properties": {
            "text": {"type": "text"},
            "n": {"type": "long"},
            "v": {"type": "dense_vector", "dims": 3, "similarity": "cosine"},
        }
    },
    "settings": {"semantic": {"families": []}},
}
IDS = 40
WORDS = ["图书馆", "大學", "search", "engine", "检索", "writes"]


def batch(chance: random.Random, count: int) -> list[tuple[str, int | None]]:
    """Random (id, value) pairs; None deletes."""
    return [
        (f"d{chance.randrange(IDS)}", None if chance.random() < 0.2 else chance.getrandbits(30))
        for _ in range(chance.randint(1, count))
    ]


def operations(pairs: list[tuple[str, int | None]]) -> list[Operation]:
    out = []
    for doc_id, value in pairs:
        if value is None:
            out.append(Operation("delete", doc_id))
        else:
            text = " ".join(WORDS[(value >> shift) % len(WORDS)] for shift in range(0, 30, 3))
            vector = [1 + value % 7, value % 5, value % 3]
            out.append(Operation("index", doc_id, {"text": text, "n": value, "v": vector}))
    return out


def opened(folder: str) -> tuple[Node, Index]:
    node = Node(Settings(data=Path(folder), encoder_threads=1))
    return node, node.index("kept") if node.exists("kept") else node.create("kept", BODY)


def work(command: dict[str, Any]) -> None:
    """Write batches, refresh, merge; until killed, or for a while with a call that fails."""
    log = os.open(command["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(*words: Any) -> None:
        os.write(log, json.dumps(words).encode() + b"\n")

    chance = random.Random(command["seed"])
    failing = "fail" in command
    library = ctypes.CDLL(None)
    if failing:
        library.quarry_arm(command["work"].encode(), ctypes.c_long(command["fail"]), command["kind"])
    node, index = _insist(lambda: opened(command["work"]))
    if command.get("threads"):
        threading.Thread(target=_upkeep, args=(index, chance.random()), daemon=True).start()
    for number in range(14 if failing else 10**9):
        pairs = batch(chance, 12)
        note("try", pairs)
        try:
            results = index.write(operations(pairs))
        except (QuarryError, OSError) as error:
            note("failed", str(error))
        else:
            assert all(r.error is None for r in results), results
            note("done")
        try:
            if chance.random() < 0.5:
                index.refresh()
            if number % 5 == 4:
                index.merge(to_one=chance.random() < 0.3)
        except (QuarryError, OSError, RuntimeError) as error:
            note("upkeep", str(error))
    if failing:
        calls = library.quarry_calls
        calls.restype = ctypes.c_long
        note("calls", calls())
    node.close()


def _insist(opening: Any) -> Any:
    """Open, again when the failing call came in the middle."""
    try:
        return opening()
    except (QuarryError, OSError):
        return opening()


def _upkeep(index: Index, pause: float) -> None:
    chance = random.Random(pause)
    while True:
        try:
            index.refresh()
            index.merge(to_one=chance.random() < 0.1)
        except Exception:  # the writer's log is what counts; damage shows in the check
            traceback.print_exc()


def check(command: dict[str, Any]) -> None:
    """What the index holds, by its truth and by search, and what verification finds."""
    node, index = opened(command["check"])
    index.refresh()
    view = index.view()
    live = view.live.nonzero()[0]
    rows = view.fetch(live.tolist())
    found = {row.id: orjson.loads(row.body)["n"] for row in rows if row.body is not None}
    gotten = {f"d{n}": row for n in range(IDS) if (row := index.get(f"d{n}")) is not None}
    answer = {
        "found": found,
        "doubled": len(rows) - len(found),
        "stored": {doc_id: orjson.loads(row.body)["n"] for doc_id, row in gotten.items() if row.body is not None},
        "findings": [vars(f) for f in verify(index)],
        "terms": sorted(_searched(index)),
    }
    Path(command["log"]).write_text(json.dumps(answer))
    node.close()


def _searched(index: Index) -> set[str]:
    """The ids that the inverted index finds by any of the words."""
    from retrieval.lexical import LexicalReader

    view = index.view()
    found: set[str] = set()
    for segment, dead in zip(view.segments, view.tombstones, strict=True):
        field = segment.text("text")
        if field is None:
            continue
        for ordinal in range(len(field.df)):
            docs, _ = field.postings(ordinal)
            seqs = segment.seqs[[d for d in docs if dead is None or not dead.mask[d]]]
            found |= {row.id for row in index.store.fetch(seqs.tolist()).values()}
    assert LexicalReader is not None
    return found


def warm(folder: str) -> None:
    """Load every kernel once, before anything is forked."""
    node, index = opened(folder)
    for number in range(3):
        index.write(operations(batch(random.Random(number), 30)))
        index.refresh()
    index.merge(to_one=True)
    verify(index)
    node.close()


def main() -> None:
    warm(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1])), flush=True)
            continue
        child = os.fork()
        if child:
            print(child, flush=True)
            continue
        try:
            work(command) if "work" in command else check(command)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)


if __name__ == "__main__":
    main()
