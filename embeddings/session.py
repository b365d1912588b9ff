"""onnxruntime on the CPU: one thread a run, as many runs at once as asked for, safe across forks."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # the runtime reads it when it is loaded; else it sends events home
import onnxruntime

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
        feeds = {node.name: _feed(node, ids) for node in session.get_inputs()}
        return session.run([_states(session)], feeds)[0].astype(np.float32, copy=False)

    def run_all(self, batches: Sequence[NDArray[np.int64]]) -> Iterable[NDArray[np.float32]]:
        """``run`` of every batch, in their order."""
        if self._threads == 1 or len(batches) == 1:
            return map(self.run, batches)
        self.open()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._threads, "encoder")
        return self._pool.map(self.run, batches)


def _feed(node: onnxruntime.NodeArg, ids: NDArray[np.int64]) -> NDArray[np.integer]:
    """The value of a graph input; exported encoders ask for a mask and token types too."""
    if node.name in ("ids", "input_ids"):
        value = ids
    elif node.name == "attention_mask":
        value = np.ones_like(ids)
    elif node.name == "token_type_ids":
        value = np.zeros_like(ids)
    else:
        raise ValueError(f"The graph wants an input {node.name!r}, which a BERT encoder does not have")
    return value.astype(np.int32) if node.type == "tensor(int32)" else value


def _states(session: onnxruntime.InferenceSession) -> str:
    """The output with one vector for each token: named so, or the first of rank 3."""
    outputs = session.get_outputs()
    for output in outputs:
        if output.name in ("last_hidden_state", "token_embeddings") or len(output.shape) == 3:
            return str(output.name)
    raise ValueError(f"None of the graph's outputs {[o.name for o in outputs]} has a vector for each token")


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
