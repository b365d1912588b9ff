"""A loaded model: messages in, text out, piece by piece."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Generator as Generator_
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.beam import beam_search
from generator.build import load_config
from generator.chat import ChatTemplate
from generator.decoder import CHUNK, Decoder, KeyValues
from generator.errors import ContextTooLong
from generator.lookup import PromptLookup
from generator.prefix import PrefixCache, grown
from generator.sampling import Sampler, penalize
from generator.text import TextStream
from generator.tokenizer import load_tokenizer
from generator.types import FinishReason, Message, Piece, Sampling, Usage

_KEPT = 256 << 20  # bytes of keys and values kept between requests
_AHEAD = 256  # tokens of room for the answer at first; it grows when the answer is longer


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a process holds of the model."""

    decoder: Decoder
    prefixes: PrefixCache


@dataclass(slots=True)
class _Progress:
    """Counts and times of one generation, as it goes."""

    started: float
    prompt: int
    cached: int = 0
    first: float = 0.0  # when the first logits were there
    completion: int = 0
    drafted: int = 0
    accepted: int = 0

    def usage(self) -> Usage:
        now = time.perf_counter()
        return Usage(
            prompt_tokens=self.prompt,
            completion_tokens=self.completion,
            cached_tokens=self.cached,
            drafted=self.drafted,
            accepted=self.accepted,
            prefill=self.first - self.started,
            decode=now - self.first,
        )


class Generator:
    """One model, for any number of threads; made by ``load_generator``.

    ``context_length``: most tokens of prompt and text together. ``drafts``: guess tokens from the text
    so far and check several at once (``lookup``); the text is the same without, only slower. The weights
    are loaded on the first generation, and again in a forked child.
    """

    def __init__(self, name: str, folder: Path, threads: int) -> None:
        self.name = name
        self.drafts = True
        self._folder = folder
        self._threads = threads
        self._config = load_config(folder)
        self._tokenizer = load_tokenizer(folder)
        self._template = ChatTemplate(self._tokenizer)
        self.context_length = self._config.context_length
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        self._inherited: _Loaded | None = None
        _generators.add(self)

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as part of a message."""
        return len(self._tokenizer.encode(text))

    def count_prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole prompt, with what the chat template adds."""
        return len(self._template.encode(messages))

    def generate(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece]:
        """Streams the assistant's next message.

        The pieces joined are the text, each of whole characters; the last one has ``finish_reason`` and
        ``usage``. Closing the iterator stops the work. Beam search gives its text in one piece.
        Raises ``ContextTooLong``, or ``ValueError`` (see ``ChatTemplate.encode``), at once.
        """
        prompt = self._template.encode(messages)
        if len(prompt) + sampling.max_tokens > self.context_length:
            raise ContextTooLong(len(prompt), sampling.max_tokens, self.context_length)
        progress = _Progress(time.perf_counter(), len(prompt))
        return (self._sampled if sampling.num_beams == 1 else self._searched)(prompt, sampling, progress)

    def load(self) -> None:
        """Loads the weights now, so that the first generation need not."""
        self._load()

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                decoder = Decoder(self._folder / "model.onnx", self._config, self._threads)
                self._loaded = _Loaded(decoder, PrefixCache(decoder, _KEPT))
            return self._loaded

    def after_fork(self) -> None:
        """In a forked child: the parent's session has no threads here and its locks may be held."""
        self._lock = threading.Lock()
        # kept, never used: destroying it would wait for threads that do not exist
        self._inherited, self._loaded = self._loaded or self._inherited, None

    def _sampled(self, prompt: list[int], sampling: Sampling, progress: _Progress) -> Iterator[Piece]:
        stream = TextStream(sampling.stop)
        reason: FinishReason = "stop"
        with contextlib.closing(self._tokens(prompt, sampling, progress)) as tokens:
            for token in tokens:
                if token in self._tokenizer.ends:
                    break
                progress.completion += 1
                text = stream.push(self._tokenizer.token_bytes(token))
                if text and not stream.stopped:
                    yield Piece(text)
                if stream.stopped:
                    break
            else:
                reason = "length"
        yield Piece(text if stream.stopped else stream.finish(), reason, progress.usage())

    def _tokens(self, prompt: list[int], sampling: Sampling, progress: _Progress) -> Generator_[int, None, None]:
        """The tokens one by one, up to and with an end token, at most ``max_tokens``."""
        loaded = self._load()
        decoder = loaded.decoder
        sampler = Sampler(sampling, prompt, self._config.vocabulary)
        lookup = PromptLookup(prompt)
        kv = loaded.prefixes.take(prompt, len(prompt) + 1 + min(sampling.max_tokens, _AHEAD))
        try:
            logits = self._prefill(decoder, kv, prompt, progress)
            draft: list[int] = []
            left = sampling.max_tokens
            while True:
                # Row j of the logits follows draft[:j]: it counts as long as the draft was right so far.
                tokens = [sampler.next(logits[0])]
                while len(tokens) <= len(draft) and tokens[-1] == draft[len(tokens) - 1]:
                    tokens.append(sampler.next(logits[len(tokens)]))
                accepted = len(tokens) - 1
                kv.truncate(kv.length - len(draft) + accepted)
                progress.drafted += len(draft)
                progress.accepted += accepted
                lookup.checked(len(draft), accepted)
                for token in tokens:
                    lookup.append(token)
                    yield token
                left -= len(tokens)
                if left == 0:
                    return
                draft = lookup.draft(left - 1) if self.drafts else []
                if not kv.room(1 + len(draft)):
                    kv = grown(kv)
                logits = decoder.forward(kv, [tokens[-1], *draft], list(range(1 + len(draft))))
        finally:
            loaded.prefixes.give(kv)

    def _prefill(self, decoder: Decoder, kv: KeyValues, prompt: list[int], progress: _Progress) -> np.ndarray:
        """Runs what the cache lacks of the prompt; logits float32[1, V] after its last token."""
        progress.cached = kv.length
        while True:
            chunk = prompt[kv.length : kv.length + CHUNK]
            logits = decoder.forward(kv, chunk, [len(chunk) - 1])
            if kv.length == len(prompt):
                progress.first = time.perf_counter()
                return logits

    def _searched(self, prompt: list[int], sampling: Sampling, progress: _Progress) -> Iterator[Piece]:
        loaded = self._load()
        decoder, beams = loaded.decoder, sampling.num_beams
        kv = loaded.prefixes.take(prompt, len(prompt) + 1)
        first = self._prefill(decoder, kv, prompt, progress)[0]
        batch = kv.repeat(beams, len(prompt) + sampling.max_tokens + 1)
        loaded.prefixes.give(kv)
        past = len(prompt)

        def step(parents: np.ndarray, tokens: np.ndarray) -> np.ndarray:
            nonlocal past
            batch.reorder(parents, len(prompt), past)
            past += 1
            return decoder.run(batch, tokens[:, None], past - 1, list(range(beams)))

        def adjust(logits: np.ndarray, tokens: list[int]) -> np.ndarray:
            seen = np.unique(np.array(prompt + tokens))
            return penalize(logits, seen, sampling.repetition_penalty)

        penalty = adjust if sampling.repetition_penalty != 1 else None
        best = beam_search(first, step, beams, self._tokenizer.ends, sampling.max_tokens, penalty)
        progress.completion = len(best.tokens)
        stream = TextStream(sampling.stop)
        text = stream.push(b"".join(map(self._tokenizer.token_bytes, best.tokens)))
        reason: FinishReason = "stop" if best.finished or stream.stopped else "length"
        yield Piece(text + stream.finish(), reason, progress.usage())


_generators: weakref.WeakSet[Generator] = weakref.WeakSet()


def _after_fork() -> None:
    for generator in _generators:
        generator.after_fork()


os.register_at_fork(after_in_child=_after_fork)
