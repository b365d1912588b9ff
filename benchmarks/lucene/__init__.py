"""Lucene, loaded into this process, where a Java development kit, JPype and its jars are at hand.

`pip install jpype1 arcadedb-embedded` brings the jars and a runtime; `javac` compiles the driver beside this file.
QUARRY_LUCENE_JARS may name another directory of jars, QUARRY_LUCENE_JVM another libjvm.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


class LuceneMissing(RuntimeError):
    """Something that Lucene needs is not here; the message says what."""


def _jars() -> tuple[list[Path], str | None]:
    folder = os.environ.get("QUARRY_LUCENE_JARS")
    if folder is not None:
        return sorted(Path(folder).glob("lucene-*.jar")), os.environ.get("QUARRY_LUCENE_JVM")
    found = importlib.util.find_spec("arcadedb_embedded")
    if found is None or found.origin is None:
        return [], None
    root = Path(found.origin).parent
    return sorted((root / "jars").glob("lucene-*.jar")), str(root / "jre" / "lib" / "server" / "libjvm.so")


def load(classes: Path) -> Any:
    """The driver's class; compiled into `classes` first. Raises LuceneMissing."""
    if importlib.util.find_spec("jpype") is None:
        raise LuceneMissing("JPype is not installed (pip install jpype1)")
    jars, machine = _jars()
    if not jars:
        raise LuceneMissing("Lucene's jars are not here (pip install arcadedb-embedded)")
    compiler = os.environ.get("QUARRY_JAVAC") or shutil.which("javac")
    if compiler is None:
        raise LuceneMissing("javac is not here; install a Java development kit")
    source = Path(__file__).with_name("Driver.java")
    path = os.pathsep.join(map(str, jars))
    subprocess.run([compiler, "-cp", path, "-d", str(classes), str(source)], check=True)
    import jpype

    if not jpype.isJVMStarted():
        arguments = ["-Xmx6g", "-Djava.util.logging.config.file=/dev/null", "--add-modules=jdk.incubator.vector"]
        jpype.startJVM(machine or jpype.getDefaultJVMPath(), *arguments, classpath=[*map(str, jars), str(classes)])
    return jpype.JClass("Driver")


class Lucene:
    """One index on disk, built when it is not there."""

    def __init__(self, driver: Any, lines: Path, folder: Path, analyzer: str) -> None:
        self.build_seconds: float | None = None
        if not folder.is_dir():
            self.build_seconds = int(driver.build(str(lines), str(folder), analyzer)) / 1e9
        self._driver = driver(str(folder), analyzer)

    def time(self, texts: Sequence[str], k: int, mode: str) -> np.ndarray:
        """Milliseconds of processor time of each search."""
        return np.asarray(self._driver.time(list(texts), k, mode)) / 1e6
