"""`quarry prepare`: everything that would otherwise be done at the first request.

numba kernels are compiled into the cache and the graphs of the models are built there, by doing once what
requests do: index a few documents, search them in every mode, answer, generate a word.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .display import Display
from .places import Quiet, settings_with

if TYPE_CHECKING:
    from settings import Settings

ROOMS = ("analysis", "embeddings", "generator", "indexer", "retrieval", "answers")
UNUSED_SECONDS = 30 * 24 * 3600.0
DOCUMENTS = [
    {"title": "检索", "text": "检索系统先找到相关的段落，然后排序。答案必须有出处。倒排索引保存词和位置。"},
    {
        "title": "Ranking",
        "text": "Ranking puts the best passages first. BM25 weighs rare words more than frequent ones.",
    },
    {
        "title": "Vectors",
        "text": "Sentence vectors find passages by meaning. Word vectors are trained on the text itself.",
    },
    {"title": "向量", "text": "句子向量按意思查找段落。词向量在文本上训练得到。相似的词有相似的向量。"},
] * 8


def prepare(
    force: Annotated[bool, typer.Option("--force", help="Do it again, though nothing has changed.")] = False,
    quiet: Quiet = False,
) -> None:
    """Compile kernels and build model graphs, so that the first request waits for neither."""
    settings = settings_with()
    stamp = settings.cache / "prepared"
    wanted = fingerprint(settings)
    if not force and stamp.is_file() and stamp.read_text() == wanted:
        print(f"Prepared already: {settings.cache}")
        return
    steps: dict[str, Callable[[Settings], None]] = {
        "encoder": _encoder,
        "generator": _generator,
        "kernels": _kernels,
    }
    complete = True
    with Display(quiet) as display:
        for name, step in steps.items():
            display.phase(name, "steps")
            display.update(0.0, 0)
            try:
                step(settings)
            except RuntimeError as error:  # a model that is not installed: the rest can still be prepared
                complete = False
                display.say(f"{name}: {error}")
            display.update(1.0, 1)
    if complete:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(wanted)
    prune(settings.cache / "kernels", Path(os.environ["NUMBA_CACHE_DIR"]))
    print(f"Prepared: {settings.cache}")


def prune(folder: Path, current: Path) -> None:
    """Remove compiled kernels of sources that are a month old: nothing loads them any more."""
    for old in folder.glob("*"):
        if old != current and old.stat().st_mtime < time.time() - UNUSED_SECONDS:
            shutil.rmtree(old, ignore_errors=True)


def fingerprint(settings: Settings) -> str:
    """Changes when anything would have to be compiled or built again."""
    digest = hashlib.sha256()
    for package in ("numba", "numpy", "onnxruntime", "tokenizers"):
        digest.update(f"{package}={version(package)};".encode())
    digest.update(f"{settings.encoder};{settings.generator};".encode())
    root = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            found = path.stat()
            # numba's cache goes by the time and size of a source file, so this does too
            digest.update(f"{path.relative_to(root)}:{found.st_mtime_ns}:{found.st_size};".encode())
    return digest.hexdigest()


def _encoder(settings: Settings) -> None:
    from embeddings.registry import load_encoder

    load_encoder(settings.encoder, settings.cache, settings.encoder_threads).encode_queries(["预热 warm up"])


def _generator(settings: Settings) -> None:
    from generator import Message, Sampling, load_generator

    model = load_generator(settings.generator, settings.cache, settings.encoder_threads)
    for _ in model.generate([Message("user", "Hello")], Sampling(max_tokens=2)):
        pass


def _kernels(settings: Settings) -> None:
    """Index, search and ask in a data directory that is thrown away."""
    import answers
    from evaluation import MODES
    from indexer import Node, Operation
    from retrieval import search

    with tempfile.TemporaryDirectory(prefix="quarry-prepare-") as folder:
        node = Node(settings.model_copy(update={"data": Path(folder)}))
        try:
            index = node.create("prepare")
            for start in range(0, len(DOCUMENTS), 16):  # two segments, so that merging is compiled too
                part = enumerate(DOCUMENTS[start : start + 16], start)
                index.write([Operation("index", str(i), document) for i, document in part])
                index.refresh()
            index.write([Operation("delete", "0")])
            index.refresh()
            index.merge(to_one=True)
            node.fill_vectors(index)
            highlight = {"highlight": {"fields": {"*": {}}}, "explain": True}
            for mode in MODES:
                search(node, ["prepare"], highlight, {"q": "排序 ranking vectors", "mode": mode})
            for query in (
                {"match_phrase": {"text": "倒排索引"}},
                {"term": {"title.keyword": "检索"}},
                {"match": {"text": {"query": "pasages 倒排索引", "fuzziness": "AUTO", "operator": "and"}}},
                {"wildcard": {"text": "pas*g?s"}},
            ):
                search(node, ["prepare"], {"query": query, "sort": ["_score", "_doc"]}, {})
            suggest = {"text": "pasages", "a": {"term": {"field": "text"}}, "b": {"phrase": {"field": "text"}}}
            aggregations = {"titles": {"terms": {"field": "title.keyword"}}}
            search(node, ["prepare"], {"size": 0, "suggest": suggest, "aggs": aggregations}, {})
            answers.ask(node, "prepare", {"question": "Which words does BM25 weigh more?"})
        finally:
            node.close()
