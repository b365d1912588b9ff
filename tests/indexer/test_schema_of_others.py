"""The mapping that another process has changed is seen at once, whenever it was last looked at."""

from __future__ import annotations

import random
import time

from indexer import Node, Operation
from settings import Settings


def test_a_change_is_seen_at_once(tmp_path):
    one, other = Node(Settings(data=tmp_path / "data")), Node(Settings(data=tmp_path / "data"))
    mine = one.create("i", {"mappings": {"properties": {"t": {"type": "text"}}}})
    theirs = other.index("i")
    chance = random.Random(1)
    for number in range(60):
        time.sleep(chance.choice([0.0, 0.0, 0.001, 0.02, 0.06, 0.12]))  # around what files' times can tell apart
        assert f"f{number}" not in theirs.mapping.fields
        if number % 3 == 0:
            mine.write([Operation("index", str(number), {f"f{number}": 1})])
        elif number % 3 == 1:
            mine.put_mapping({"properties": {f"f{number}": {"type": "keyword"}}})
        else:
            mine.put_settings({"refresh_interval": f"{number}s"})
            assert theirs.settings["refresh_interval"] == f"{number}s"
            continue
        assert f"f{number}" in theirs.schema()[0].fields
    one.close()
    other.close()
