"""Nothing is sent home: the model runtime's telemetry is off before it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings import Settings

ENCODER = """
from embeddings import load_encoder
load_encoder("multilingual-e5-small", Path(sys.argv[1]), 1).encode_queries(["图书馆 library"])
"""
GENERATOR = """
from generator import Message, Sampling, load_generator
generator = load_generator("smollm2-135m-instruct", Path(sys.argv[1]), 1)
list(generator.generate([Message("user", "Hello")], Sampling(max_tokens=1)))
"""


@pytest.mark.parametrize("program", [ENCODER, GENERATOR], ids=["encoder", "generator"])
def test_a_model_leaves_no_device_id_and_no_queue_of_events(program: str, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    subprocess.run(
        [sys.executable, "-c", "import sys\nfrom pathlib import Path\n" + program, str(Settings().cache)],
        env=environment,
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=120,
    )
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
