"""gunicorn's configuration: threads in a few processes, metrics over all of them, a clean end.

The application is made in each worker after the fork, so that database connections, background
threads and model sessions are the worker's own.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from api.logs import ServerLogger
from api.worker import Worker as ThreadWorker
from indexer.memory import share_arenas
from settings import Settings, prepare_kernel_cache

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
    from gunicorn.workers.base import Worker  # type: ignore[import-untyped]
log = structlog.get_logger("quarry.api")
GRACE = 30
"""Seconds that running requests get when the service is told to stop."""
SHARED = ("flask", "prometheus_client", "numba", "scipy.linalg", "faiss", "tokenizers", "opencc", "analysis")
"""Modules that start no thread. onnxruntime does, and with it all that imports it: a fork would lose the thread."""
KERNELS = ("retrieval.lexical.phrases", "retrieval.expansion.kernels")
"""Modules that are imported when a request first needs them, unless a worker has done so before."""
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def configuration(settings: Settings) -> dict[str, Any]:
    """gunicorn's settings by name; also prepares the environment that the workers inherit."""
    prepare_kernel_cache()
    # One request is one thread: parallel regions inside it would only contend with other requests.
    # The variable counts, not `faiss.omp_set_num_threads`, which speaks for the calling thread alone.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # prometheus_client decides at its import, in the workers, whether it works over processes.
    # A service that still ends while the next one starts has a folder of its own.
    os.environ[_METRICS] = str(settings.data.resolve() / ".run" / f"metrics-{settings.port}-{os.getpid()}")
    return {
        "bind": f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "worker_class": ThreadWorker,
        "threads": settings.threads,
        "keepalive": 75,
        "graceful_timeout": GRACE,
        # A worker's main loop reports by itself while requests run: this catches a stuck process only.
        "timeout": 300,
        "proc_name": "quarry",
        "logger_class": ServerLogger,
        "loglevel": settings.log_level,
        "control_socket_disable": True,
        "on_starting": load_modules,
        "when_ready": empty_metrics,
        "post_worker_init": start_background,
        "worker_exit": stop_background,
        "child_exit": forget_worker,
        "on_exit": remove_metrics,
    }


def empty_metrics(_: Arbiter) -> None:
    """Make the metrics' folder, and remove those that services which were killed have left.

    Once the address is bound: before, they may be another service's that runs.
    """
    folder = Path(os.environ[_METRICS])
    for old in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        shutil.rmtree(old, ignore_errors=True)
    folder.mkdir(parents=True)


def load_modules(_: Arbiter) -> None:
    """Import what is heavy and fork-safe once, before the workers are forked: they start sooner and share it."""
    share_arenas()
    for name in SHARED:
        importlib.import_module(name)
    gc.freeze()  # a collection in a worker must not touch, and so copy, what all share


def start_background(worker: Worker) -> None:
    """Refresh, merge and fill vectors in the background of this worker."""
    for name in KERNELS:
        importlib.import_module(name)
    worker.wsgi.extensions["quarry"].node.start()


def stop_background(_: Arbiter, worker: Worker) -> None:
    """Make the last writes searchable and release everything; every acknowledged write is durable already."""
    if getattr(worker, "wsgi", None) is None:  # the application never loaded
        return
    node = worker.wsgi.extensions["quarry"].node
    for name in node.names("*"):
        try:
            node.index(name).refresh(wait=False)
        except Exception as error:  # the next start does it; the others still get their turn
            log.warning("no last refresh", index=name, exc_info=error)
    node.close()


def forget_worker(_: Arbiter, worker: Worker) -> None:
    """Drop the gauges of a worker that is gone, however it went."""
    from prometheus_client import multiprocess  # not before the folder is in the environment

    multiprocess.mark_process_dead(worker.pid)


def remove_metrics(_: Arbiter) -> None:
    shutil.rmtree(os.environ.get(_METRICS, ""), ignore_errors=True)
