"""Points in time: a manifest kept for later searches, with the files and rows that it needs.

A point is a file in the index's folder, so that any process can read it. While it is there and has not
expired, nothing removes the derived files that its manifest names, nor the rows that were live then.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from .errors import PointMissing
from .files import replace_file
from .manifest import Manifest, manifest_of, manifest_text


@dataclass(frozen=True)
class Point:
    """A kept moment of an index."""

    token: str
    expires: float  # seconds since the epoch
    manifest: Manifest


class Points:
    """The points of one index. `open` and `live` are called under refresh.lock, which publishing takes too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, manifest: Manifest, keep_alive: float, kind: str = "") -> str:
        """Keep a manifest for `keep_alive` seconds; returns the token that finds it, which begins with `kind`."""
        self.folder.mkdir(exist_ok=True)
        token = kind + uuid.uuid4().hex
        self._write(Point(token, time.time() + keep_alive, manifest))
        return token

    def get(self, token: str, keep_alive: float | None = None) -> Point:
        """The point of a token, kept for `keep_alive` more seconds from now; PointMissing."""
        point = self._read(token)
        if point is None or point.expires < time.time():
            raise PointMissing(token)
        if keep_alive is not None and time.time() + keep_alive > point.expires:
            point = Point(token, time.time() + keep_alive, point.manifest)
            self._write(point)
        return point

    def close(self, token: str) -> bool:
        """Forget a point; False when it was not there."""
        if not token.isalnum():
            return False
        try:
            (self.folder / token).unlink()
        except FileNotFoundError:
            return False
        return True

    def close_all(self, kind: str) -> int:
        """Forget all points of a kind, which is no empty one; how many there were."""
        return sum(self.close(path.name) for path in self.folder.glob(f"{kind}*"))

    def live(self) -> list[Point]:
        """The points that have not expired; the others are forgotten."""
        found = []
        for path in self.folder.glob("*"):
            point = self._read(path.name) if path.name.isalnum() else None
            if point is not None and point.expires >= time.time():
                found.append(point)
            elif path.stat().st_mtime < time.time() - 60:
                path.unlink(missing_ok=True)
        return found

    def _read(self, token: str) -> Point | None:
        if not token.isalnum():
            return None
        try:
            head, _, text = (self.folder / token).read_text().partition("\n")
            manifest = manifest_of(text)
            return None if manifest is None else Point(token, float(json.loads(head)), manifest)
        except (OSError, ValueError):
            return None

    def _write(self, point: Point) -> None:
        text = f"{json.dumps(point.expires)}\n{manifest_text(point.manifest)}"
        replace_file(self.folder / point.token, text.encode(), durable=False)


def files_of(points: list[Point]) -> set[str]:
    """Names of the derived files that the points need."""
    return {name for point in points for name in point.manifest.files}
