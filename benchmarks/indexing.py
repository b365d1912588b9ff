"""How fast documents are indexed, and in how much memory: ``python -m benchmarks.indexing`` from the repository's root.

Two things are measured, on the documents of ``benchmarks.lexical`` or on the lines of ``--lines``:

- *words*: from text to searchable segments with positions, on one core: analysis, building, and the merge of
  eight segments into one, in processor time of the thread, each step by itself. No document is stored;
- *command*: ``quarry index`` of the same documents as JSON lines into a new data directory: durable, in two
  processes, merged. Its memory is sampled every fifth of a second over all its processes: what each has for
  itself, and every page of a mapped file once.

``--only`` leaves one of them out. Then, in a process of its own each, what it costs to open that index and to
answer the first question.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from analysis import get_analyzer
from indexer.segment import Segment, SegmentWriter, merge

ROOT = Path(__file__).resolve().parent.parent
BATCH = 2000
MB = 1 << 20
SAMPLING = 0.2  # seconds
QUESTION = "be fu sibu"
_MAPPING = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ (\S+) (\d+)")
console = Console(width=120)

OPENING = """
import resource, sys, time
from pathlib import Path
import indexer
from indexer import Node
from retrieval import SearchContext, SearchRequest, run
from retrieval.query.match import Match
from settings import Settings
node = Node(Settings(data=Path(sys.argv[1])))
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
bare, began = rss(), time.perf_counter()
context = SearchContext(node, node.index("documents"))
opened, more = time.perf_counter() - began, rss() - bare
run(context, SearchRequest(query=Match("text", sys.argv[2]), size=10))
print(opened, more, time.process_time(), rss())
"""


# --- words --------------------------------------------------------------------------------------


def words(lines: Path, folder: Path, analyzer: str, parts: int) -> None:
    """Builds ``parts`` segments and merges them; prints the steps' processor time."""
    chain = get_analyzer(analyzer)
    chain.batch(["compiles what is not compiled yet"])
    with open(lines, encoding="utf-8") as source:
        documents = sum(1 for _ in source)
    spent: Counter[str] = Counter()
    segments: list[Segment] = []
    number = 0
    with open(lines, encoding="utf-8") as source:
        writer = SegmentWriter(folder / "0")
        while texts := [line.rstrip("\n") for line in islice(source, BATCH)]:
            marks = [time.thread_time()]
            batch = chain.batch(texts)
            marks.append(time.thread_time())
            writer.add(np.arange(number, number + len(texts)), {"text": batch}, {})
            marks.append(time.thread_time())
            number += len(texts)
            if writer.documents >= -(-documents // parts) or number == documents:
                writer.finish()
                segments.append(Segment.open(writer.path))
                writer = SegmentWriter(folder / str(len(segments)))
            marks.append(time.thread_time())
            for step, seconds in zip(("analysis", "adding", "writing"), np.diff(marks), strict=True):
                spent[step] += seconds
    built = spent.total()
    began = time.thread_time()
    info = merge(folder / "one", segments, [None] * len(segments))
    spent["merging"] = time.thread_time() - began
    table = Table("step", "seconds", title=f"words: {documents:,} documents, analyzer {analyzer}")
    for step, seconds in spent.items():
        table.add_row(step, f"{seconds:.2f}")
    console.print(table)
    console.print(
        f"{documents / built:,.0f} documents/s into {len(segments)} segments, {documents / spent.total():,.0f} with "
        f"their merge into one; {info.size / 1e6:.0f} MB, {info.size / lines.stat().st_size:.2f} of the text"
    )


# --- the command --------------------------------------------------------------------------------


def command(lines: Path, work: Path, data: Path) -> None:
    """Runs ``quarry index``; prints documents a second and the greatest memory."""
    source = work / f"{lines.stem}.jsonl"
    count = 0
    with open(lines, encoding="utf-8") as texts, open(source, "w", encoding="utf-8") as out:
        for line in texts:
            out.write(json.dumps({"_id": str(count), "text": line.rstrip("\n")}, ensure_ascii=False) + "\n")
            count += 1
    began, before = time.perf_counter(), os.times()
    arguments = ["-m", "cli", "index", str(source), "--index", "documents", "--no-vectors", "--quiet"]
    process = subprocess.Popen([sys.executable, *arguments, "--data", str(data)], cwd=ROOT, stdout=subprocess.DEVNULL)
    height, alone = 0, 0
    while process.poll() is None:
        total, largest = _memory(list(_tree(process.pid)))
        height, alone = max(height, total), max(alone, largest)
        time.sleep(SAMPLING)
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    console.print(
        f"quarry index: {count / wall:,.0f} documents/s ({wall:.1f} s, {spent:.1f} s of processor time); at most "
        f"{height / MB:.0f} MB in all processes, {alone / MB:.0f} MB in the largest; exit {process.returncode}"
    )


def _tree(root: int) -> Iterator[int]:
    """A process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) if entry.name.isdigit() else -1
        except OSError:
            continue
        below.setdefault(parent, []).append(int(entry.name) if entry.name.isdigit() else 0)
    waiting = [root]
    while waiting:
        process = waiting.pop()
        yield process
        waiting += below.get(process, [])


def _memory(processes: list[int]) -> tuple[int, int]:
    """Bytes of all processes, pages of files once; bytes of the largest process."""
    own, largest = 0, 0
    shared: Counter[tuple[bytes, bytes]] = Counter()
    for process in processes:
        try:
            listing = Path(f"/proc/{process}/smaps").read_bytes().splitlines()
        except OSError:
            continue
        file, resident, anonymous = (b"", b"0"), 0, 0
        files: Counter[tuple[bytes, bytes]] = Counter()
        for line in listing:
            if found := _MAPPING.match(line):
                file = (found[1], found[2])
            elif line.startswith(b"Rss:"):
                resident = int(line.split()[1]) << 10
            elif line.startswith(b"Anonymous:"):
                anonymous += int(line.split()[1]) << 10
                files[file] += resident - (int(line.split()[1]) << 10)
        own += anonymous
        largest = max(largest, anonymous + files.total())
        shared |= files
    return own + shared.total(), largest


def opening(data: Path) -> None:
    """What a process pays to open the index, and to its first answer."""
    for _ in range(3):  # the last one counts: files and kernels are in the system's cache
        found = subprocess.run(
            [sys.executable, "-c", OPENING, str(data), QUESTION], cwd=ROOT, capture_output=True, text=True, check=True
        )
    opened, more, spent, size = map(float, found.stdout.split())
    console.print(
        f"opening: {1e3 * opened:.0f} ms, {more / MB:.0f} MB more than before; first answer after {spent:.2f} s of "
        f"processor time from the start of the process, which has {size / MB:.0f} MB then"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Speed and memory of indexing.")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--lines", type=Path, help="a file of documents, one a line, instead of made ones")
    parser.add_argument("--analyzer", default="whitespace", help="of the words (default whitespace)")
    parser.add_argument("--parts", type=int, default=8, help="segments of the words (default 8)")
    parser.add_argument("--only", choices=("words", "command"))
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "quarry-lexical")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    lines = arguments.lines
    if lines is None:
        from benchmarks.lexical import made

        lines = made(arguments.work, "synthetic", arguments.documents)
    folder = Path(tempfile.mkdtemp(dir=arguments.work))
    try:
        if arguments.only != "command":
            words(lines, folder, arguments.analyzer, arguments.parts)
        if arguments.only != "words":
            command(lines, folder, folder / "data")
            opening(folder / "data")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
