"""What every document has beside its fields: `_id` and `_index`.

They are matched whole: by `term`, `terms`, `match`, `match_phrase`, `multi_match` and the query syntaxes, and by
`exists`. A value of `_index` is an index, an alias or a pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..context import SearchContext
from ..words import METADATA


def metadata_mask(ctx: SearchContext, path: str, values: Sequence[Any]) -> np.ndarray | None:
    """bool[documents]: live documents whose `path` is any of the values; None when it is an ordinary field."""
    if path not in METADATA:
        return None
    out = np.zeros(ctx.documents, bool)
    if path == "_index":
        return ctx.live.copy() if any(_means(ctx, str(value)) for value in values) else out
    out[ctx.view.numbers_of_ids([str(value) for value in values])] = True
    return out


def _means(ctx: SearchContext, name: str) -> bool:
    """Whether an index, alias or pattern means the index that is searched."""
    return bool(name) and ctx.index.name in ctx.node.resolve([name], ignore_unavailable=True)
