"""onnxruntime on the CPU: one thread a run, as many runs at once as asked for, safe across forks."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

_live: weakref.WeakSet[EncoderSession] = weakref.WeakSet()


class EncoderSession:
    """A graph from ids int64[texts, tokens] to float32[texts, tokens, hidden].

    The runtime's session is opened by the first run in the process that runs it, so an object made
    before a fork works in the parent and in every child. Each run takes one core (two runs at once
    are faster than one run on two cores); ``run`` uses the caller's thread, ``run_all`` a pool of
    ``threads``, so that a single question never waits behind a long batch.
    """

    def __init__(self, model: Path, threads: int) -> None:
        self._model = model
        self._threads = threads
        self._forget()
        _live.add(self)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None
        self._pool: ThreadPoolExecutor | None = None

    def open(self) -> onnxruntime.InferenceSession:
        """Open the graph in this process unless it is open; tens of milliseconds."""
        with self._lock:
            if self._session is None:
                self._session = onnxruntime.InferenceSession(
                    self._model,
                    _options(),
                    providers=["CPUExecutionProvider"],
                    # The fused kernel takes eight times as long as Add and LayerNormalization.
                    disabled_optimizers=["SkipLayerNormFusion"],
                )
            return self._session

    def run(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Last hidden states of texts of equal length: int64[texts, tokens] -> float32[texts, tokens, hidden]."""
        session = self._session or self.open()
        feeds = {}
        for node in session.get_inputs():
            if node.name in ("ids", "input_ids"):
                feeds[node.name] = ids
            elif node.name == "attention_mask":
                feeds[node.name] = np.ones_like(ids)
            elif node.name == "token_type_ids":
                feeds[node.name] = np.zeros_like(ids)
            else:
                raise ValueError(f"{self._model} wants an input {node.name!r} that a BERT encoder does not have")
        return session.run([session.get_outputs()[0].name], feeds)[0]

    def run_all(self, batches: Sequence[NDArray[np.int64]]) -> Iterable[NDArray[np.float32]]:
        """``run`` of every batch, in their order."""
        if self._threads == 1 or len(batches) == 1:
            return map(self.run, batches)
        self.open()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "encoder")
        return self._pool.map(self.run, batches)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # patterns are kept for each length of text
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _forget_inherited() -> None:
    """A child keeps no session, pool or lock of its parent: their threads do not exist in it."""
    for session in list(_live):
        session._forget()


os.register_at_fork(after_in_child=_forget_inherited)
