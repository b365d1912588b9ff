"""A real service for tests: gunicorn with its workers, on a free port, over a data directory."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 170.0  # the first start after an installation may still compile kernels
_SERVE = "from api.server import serve; from settings import Settings; serve(Settings())"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """One service in its own process group. `settings` are QUARRY_ names in lower case."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        chosen = {"data": data, "port": self.port, "workers": 2, "threads": 4, **settings}
        self._environment = {f"QUARRY_{name.upper()}": str(value) for name, value in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data.parent / f"{data.name}-{self.port}.log"

    def start(self, wait: bool = True) -> None:
        """Start it, and wait until it is ready for searches."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("QUARRY_")}
        environment.update(
            self._environment,
            PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        )
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SERVE], env=environment, cwd=self.data.parent, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        if wait:
            self.wait()

    def wait(self) -> None:
        """Return when it is ready for searches; fail, with its log, when it does not become so."""
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process is not None
            assert self._process.poll() is None, f"the service ended at its start:\n{self.log()[-4000:]}"
            try:
                if httpx.get(f"{self.url}/readyz", timeout=30).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, f"the service is not ready:\n{self.log()[-4000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to every process of the service at once."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def stop(self) -> int:
        """Ask it to end, as an operator would; its exit status."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            status = self._process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._process = None
        return status

    def workers(self) -> set[int]:
        """Process ids of the workers."""
        assert self._process is not None
        parent = self._process.pid
        return {int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}

    def log(self) -> str:
        return self._log.read_text(errors="replace")
