"""Runs the graph: tokens in, logits out, with the keys and values of earlier tokens kept in memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from generator.config import LlamaConfig

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # the runtime reads it when it is loaded; else it sends events home
import onnxruntime as ort

# Longest run of new tokens: attention needs heads × run × total floats at a time, and a caller who
# leaves is noticed between runs.
CHUNK = 512


class KeyValues:
    """Keys and values of the tokens so far, for ``batch`` sequences of equal length.

    Layer by layer float32[batch, kv_heads, capacity, head_size]; rows beyond ``len(tokens)`` are free.
    ``tokens`` are those of a single sequence; a beam search keeps its own and uses ``length`` only.
    Not for two threads at a time.
    """

    def __init__(self, decoder: Decoder, capacity: int, batch: int = 1) -> None:
        self.decoder = decoder
        self.capacity = capacity
        self.batch = batch
        self.tokens: list[int] = []
        config = decoder.config
        shape = (batch, config.kv_heads, capacity, config.head_size)
        # np.empty: memory is taken from the system page by page, as rows are written
        self.arrays = [np.empty(shape, np.float32) for _ in range(2 * config.layers)]
        self.binding = decoder.session.io_binding()
        for i, array in enumerate(self.arrays):
            name = f"{('key', 'value')[i % 2]}.{i // 2}"
            value = ort.OrtValue.ortvalue_from_numpy(array)
            self.binding.bind_ortvalue_input(f"past_{name}", value)
            self.binding.bind_ortvalue_output(f"present_{name}", value)

    @property
    def length(self) -> int:
        """Tokens stored, of each sequence."""
        return len(self.tokens)

    def room(self, tokens: int) -> bool:
        """Whether so many more tokens fit; the graph writes one row beyond them."""
        return self.length + tokens + 1 <= self.capacity

    def truncate(self, length: int) -> None:
        """Forgets all tokens from ``length`` on."""
        del self.tokens[length:]

    def copy(self, length: int, capacity: int) -> KeyValues:
        """The first ``length`` tokens in memory of its own."""
        other = KeyValues(self.decoder, capacity, self.batch)
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            theirs[:, :, :length] = mine[:, :, :length]
        other.tokens = self.tokens[:length]
        return other

    def repeat(self, batch: int, capacity: int) -> KeyValues:
        """The tokens of this one sequence as the beginning of ``batch`` sequences."""
        other = KeyValues(self.decoder, capacity, batch)
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            theirs[:, :, : self.length] = mine[:, :, : self.length]
        return other

    def reorder(self, parents: np.ndarray, start: int, end: int) -> None:
        """Sequence i becomes what sequence ``parents[i]`` was, for the tokens in [start, end)."""
        if end > start and not np.array_equal(parents, np.arange(self.batch)):
            for array in self.arrays:
                array[:, :, start:end] = array[parents, :, start:end]


class Decoder:
    """One loaded model. Any number of threads may call ``forward``, each with its own ``KeyValues``."""

    def __init__(self, model: Path, config: LlamaConfig, threads: int) -> None:
        self.config = config
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # The graph is written as it should run: rewriting only costs time at the start, and fuses
        # Add + SimplifiedLayerNormalization into an operator that takes twice as long on a long prompt.
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_mem_pattern = False  # shapes change from call to call
        # A waiting thread sleeps: several processes share the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def forward(self, kv: KeyValues, tokens: list[int], select: list[int]) -> np.ndarray:
        """Appends ``tokens`` to one sequence; logits of the selected ones, float32[len(select), V].

        Row j scores the token that follows ``tokens[select[j]]``; it is the same to the bit however the
        tokens before were divided into calls. Needs ``kv.room(len(tokens))``.
        """
        logits = self.run(kv, np.array([tokens], np.int64), kv.length, select)
        kv.tokens += tokens
        return logits

    def run(self, kv: KeyValues, tokens: np.ndarray, past: int, select: list[int]) -> np.ndarray:
        """int64[batch, S] after ``past`` stored tokens -> float32[len(select), V] of the selected rows.

        Several sequences go on by one token at a time (S = 1, batch rows).
        """
        batch, new = tokens.shape
        empty = 1 if batch == 1 else 0  # see graph.py: exactness for one sequence, several at once without
        total = past + new + empty
        logits = np.empty((len(select), self.config.vocabulary), np.float32)
        bind = kv.binding
        bind.bind_cpu_input("input_ids", tokens)
        bind.bind_cpu_input("seqlens_k", np.full(batch, total - 1, np.int32))
        bind.bind_cpu_input("total_sequence_length", np.array(total, np.int32))
        bind.bind_cpu_input("empty", np.array([empty], np.int64))
        bind.bind_cpu_input("select", np.array(select, np.int64))
        bind.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        self.session.run_with_iobinding(bind)
        return logits
