"""The built-in generator beside llama.cpp: speed, agreement, memory.

Both run the same file (SmolLM2-135M-Instruct, Q4_1) on the same prompts with the same number of threads,
in turns within one process; speeds are tokens a second of *processor time*, which other work on the machine
disturbs less, medians of the turns. llama.cpp comes from the wheel xllamacpp (an AVX2 build); it listens on
a random local port. From the repository's root:

    pip install --target /tmp/llamacpp --no-deps xllamacpp==2026.10.11549
    PYTHONPATH=/tmp/llamacpp python -m benchmarks.generator            # prints the tables
    PYTHONPATH=/tmp/llamacpp python -m benchmarks.generator --save     # and keeps them in generator.md

On agreement: both round activations to 8 bits, each in its own way, and disagree where that decides. With
float activations (``accuracy_level=1`` in ``generator.graph``; a product then takes 2.5 times as long) 97.3 % of
3,000 tokens agreed and the largest gap was 0.48 logits; a share of the rest is llama.cpp's own rounding.

What it does not measure: the quality of the answers, several generations at once, other machines. Decoding
is compared without drafts, token by token; what drafts gain is a line of its own, since it depends on how
much an answer repeats its passage.
"""

from __future__ import annotations

import argparse
import importlib.resources
import json
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from generator import Generator, Message, Sampling, load_generator
from generator.decoder import KeyValues
from generator.registry import _MODELS, _locate
from settings import get_settings

NAME = "smollm2-135m-instruct"
TURNS = 9
Post = Callable[[str, dict[str, Any]], dict[str, Any]]


def passages() -> list[str]:
    """News passages of some hundred words, from gensim's copy of the Lee corpus."""
    path = importlib.resources.files("gensim") / "test" / "test_data" / "lee_background.cor"
    return [line for line in path.read_text("utf-8").splitlines() if 500 < len(line) < 1800]


def llama_cpp(file: Path, threads: int) -> tuple[Any, Post]:
    """A llama.cpp server in this process, and a function that posts JSON to it."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel, params.n_gpu_layers = 2048, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(params)

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            server.listening_address + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request) as response:
            return json.load(response)

    return server, post


def greedy(post: Post, prompt: list[int], tokens: int, **more: Any) -> dict[str, Any]:
    body = {"prompt": prompt, "n_predict": tokens, "temperature": 0, "top_k": 1, "cache_prompt": False}
    return post("/completion", body | more)


def speed(generator: Generator, post: Post) -> list[tuple[str, float, float]]:
    """Tokens a second of processor time: Quarry's and llama.cpp's."""
    decoder = generator._load().decoder
    ids = generator._tokenizer.encode(" ".join(passages()[:12]))

    def prefill(prompt: int) -> tuple[float, float]:
        kv, start = KeyValues(decoder, 1024), time.process_time()
        decoder.forward(kv, ids[:prompt], [prompt - 1])
        ours, start = time.process_time() - start, time.process_time()
        greedy(post, ids[:prompt], 1)
        return prompt / ours, prompt / (time.process_time() - start)

    def decode(prompt: int, tokens: int = 100) -> tuple[float, float]:
        kv = KeyValues(decoder, 1024)
        row = decoder.forward(kv, ids[:prompt], [prompt - 1])[0]
        greedy(post, ids[:prompt], 1, cache_prompt=True)
        start = time.process_time()
        for _ in range(tokens):
            row = decoder.forward(kv, [int(row.argmax())], [0])[0]
        ours, start = time.process_time() - start, time.process_time()
        # the prompt is in its cache, but for its last token
        greedy(post, ids[:prompt], tokens, cache_prompt=True, ignore_eos=True)
        return tokens / ours, tokens / (time.process_time() - start)

    cases: dict[str, Callable[[], tuple[float, float]]] = {
        "prefill, 512 tokens": lambda: prefill(512),
        "decode after 37 tokens": lambda: decode(37),
        "decode after 512 tokens": lambda: decode(512),
    }
    measured: dict[str, list[tuple[float, float]]] = {case: [] for case in cases}
    for turn in range(TURNS + 1):
        for case, run in cases.items():
            rates = run()
            if turn:  # the first one warms up
                measured[case].append(rates)
    return [(case, *np.median(rates, axis=0)) for case, rates in measured.items()]


def agreement(generator: Generator, post: Post, prompts: int) -> dict[str, float]:
    """Along llama.cpp's greedy texts: how often both would take the same token, and how near the rest are.

    A gap is how far a model's logits put the other's token below its own choice; llama.cpp's is read from
    its 20 likeliest tokens.
    """
    decoder = generator._load().decoder
    gaps: list[tuple[float, float]] = []
    tokens = 0
    for passage in passages()[:prompts]:
        prompt = generator._template.encode([Message("user", f"{passage}\n\nExplain in detail what happened.")])
        steps = greedy(post, prompt, 100, n_probs=20)["completion_probabilities"]
        path = [step["id"] for step in steps]
        kv = KeyValues(decoder, len(prompt) + len(path) + 1)
        rows = decoder.forward(kv, prompt + path[:-1], list(range(len(prompt) - 1, len(prompt) + len(path) - 1)))
        tokens += len(path)
        for row, step in zip(rows, steps, strict=True):
            ours, theirs = int(row.argmax()), step["id"]
            if ours != theirs:
                likely = {entry["id"]: entry["logprob"] for entry in step["top_logprobs"]}
                gaps.append((float(row[ours] - row[theirs]), likely[theirs] - likely.get(ours, -np.inf)))
    return {
        "tokens": tokens,
        "agreement": 1 - len(gaps) / tokens,
        "largest gap": max(gap for gap, _ in gaps),
        "gaps above 0.5": sum(gap > 0.5 for gap, _ in gaps),
        "largest mean gap": max(sum(both) / 2 for both in gaps),
    }


def drafts(generator: Generator, questions: int) -> dict[str, float]:
    """Whole answers from passages, with drafts and without, in turns; the texts must be equal."""
    seconds = {True: 0.0, False: 0.0}
    drafted = accepted = 0
    for passage in passages()[:questions]:
        instruction = "Quote the sentences of the text that say who did what, then summarise them."
        messages = [Message("user", f"{passage}\n\n{instruction}")]
        texts = {}
        for generator.drafts in (True, False):
            list(generator.generate(messages, Sampling(max_tokens=1)))  # the prompt is in memory for both
            start = time.process_time()
            pieces = list(generator.generate(messages, Sampling(max_tokens=120)))
            seconds[generator.drafts] += time.process_time() - start
            texts[generator.drafts] = "".join(piece.text for piece in pieces)
            usage = pieces[-1].usage
            assert usage is not None
            drafted, accepted = drafted + usage.drafted, accepted + usage.accepted
        assert texts[True] == texts[False]
    generator.drafts = True
    return {"gain": seconds[False] / seconds[True], "accepted": accepted / drafted}


_PROBE = """
import sys, time
from pathlib import Path
def memory():
    fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return [int(fields[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM")]
start = time.perf_counter()
from generator import Message, Sampling, load_generator
imported, before = time.perf_counter(), memory()[0]
g = load_generator(sys.argv[1], Path(sys.argv[2]), 1)
opened = time.perf_counter()
g.load()
loaded = time.perf_counter()
list(g.generate([Message("user", "word " * 480)], Sampling(max_tokens=20)))
now, peak = memory()
print(imported - start, opened - imported, loaded - opened, now - before, peak)
"""


def start(cache: Path) -> dict[str, float]:
    """Times in seconds and memory in MiB of a fresh process; needs Linux."""
    run = subprocess.run([sys.executable, "-c", _PROBE, NAME, str(cache)], capture_output=True, text=True, check=True)
    keys = ["import", "open", "load", "memory added", "peak of the process"]
    return dict(zip(keys, map(float, run.stdout.split()), strict=True))


def machine() -> str:
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = f"{lines[0]} × {len(lines)}"
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in ("onnxruntime", "numpy", "xllamacpp"))
    return f"{model}, {platform.system()}, Python {platform.python_version()}, {versions}"


def report(threads: int) -> str:
    cache = get_settings().cache
    generator = load_generator(NAME, cache, threads)
    generator.load()
    probe = start(cache)
    server, post = llama_cpp(_locate(NAME, _MODELS[NAME]), threads)
    lines = [f"{machine()}; threads: {threads}; {time.strftime('%Y-%m-%d')}", ""]
    lines += ["| tokens a second of processor time | Quarry | llama.cpp | ratio |", "|---|---|---|---|"]
    for case, ours, theirs in speed(generator, post):
        lines.append(f"| {case} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |")
    same = agreement(generator, post, 40)
    lines += [
        "",
        f"Agreement with llama.cpp along its greedy texts: {same['agreement']:.4f} of {same['tokens']:.0f} tokens; the "
        f"largest gap where they differ is {same['largest gap']:.2f} of our logits, {same['gaps above 0.5']:.0f} above "
        f"0.5; the mean of both models' gaps is {same['largest mean gap']:.2f} at most.",
    ]
    gain = drafts(generator, 20)
    lines += [
        "",
        f"Drafts (equal texts): {gain['gain']:.2f} × as fast, {gain['accepted']:.0%} accepted.",
        "",
        f"A fresh process: imports {probe['import']:.2f} s, opens the model in {probe['open']:.3f} s and loads its "
        f"weights in {probe['load']:.3f} s; {probe['memory added']:.0f} MiB more after a 500-token prompt "
        f"(peak {probe['peak of the process']:.0f} MiB).",
    ]
    del server
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save", action="store_true", help="write the tables to generator.md")
    arguments = parser.parse_args()
    text = report(arguments.threads)
    print(text)
    if arguments.save:
        path = Path(__file__).with_suffix(".md")
        path.write_text(
            f"# The generator beside llama.cpp\n\nMade by `python -m benchmarks.generator --save`.\n\n{text}\n", "utf-8"
        )


if __name__ == "__main__":
    main()
