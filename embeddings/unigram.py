"""SentencePiece's unigram tokenizer (Kudo 2018) over memory-mapped arrays.

The vocabulary is a trie of code points in one open-addressing hash table that lies in a file: it opens
in about a millisecond and all processes share its pages, where building a 250,000-piece tokenizer
object takes a second and its own memory in each process.

A text is tokenized as XLM-RoBERTa's is: each code point is replaced by the model's character map (NFKC
and white space), runs of spaces become one, a space goes before the text and every space is written
"▁"; then the segmentation of the highest total log probability is found by the Viterbi algorithm. A
character that no piece covers is one ``<unk>`` whose score is the lowest piece's minus 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings import unigram_kernels as kernels
from embeddings.e5_file import UnigramModel

_UNKNOWN_PENALTY = np.float32(10)
_ARRAYS = ("table", "piece_of_node", "scores", "map_index", "map_bounds", "map_values", "special")


def build_unigram(model: UnigramModel, folder: Path) -> None:
    """Write the tokenizer's arrays into a folder."""
    text = "".join(model.pieces)
    bounds = np.cumsum([0, *(len(piece) for piece in model.pieces)], dtype=np.int64)
    table, piece_of_node = kernels.build_trie(code_points(text), bounds)
    piece_of_node[piece_of_node == model.unknown] = -1  # "<unk>" in a text is text
    map_index = np.zeros(int(model.mapped.max(initial=0)) + 1, np.uint16)
    map_index[model.mapped] = np.arange(1, len(model.mapped) + 1)
    arrays = {
        "table": table,
        "piece_of_node": piece_of_node,
        "scores": model.scores,
        "map_index": map_index,
        "map_bounds": model.bounds,
        "map_values": model.replacements,
        "special": np.array([model.bos, model.eos, model.unknown, max(map(len, model.pieces))], np.int32),
    }
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name])


class UnigramTokenizer:
    """Texts to ids, ``<s>`` and ``</s>`` included. Safe for concurrent use, also across a fork."""

    def __init__(self, folder: Path, limit: int) -> None:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS}
        self._trie = arrays["table"], arrays["piece_of_node"], arrays["scores"]
        self._map = arrays["map_index"], arrays["map_bounds"], arrays["map_values"]
        self._bos, self._eos, self._unknown, self._longest = arrays["special"].tolist()
        self._limit = limit - 2
        self._unknown_score = np.float32(arrays["scores"].min() - _UNKNOWN_PENALTY)

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """The ids of each text between ``<s>`` and ``</s>``, its first ones when there are too many."""
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> NDArray[np.int64]:
        # ``limit`` pieces cover at most limit * longest characters; as many again follow, so that the
        # best path through the first ones does not depend on where the text is cut.
        characters = kernels.normalize(code_points(text), *self._map, 2 * self._limit * self._longest)
        content = kernels.viterbi(characters, *self._trie, self._unknown_score, self._unknown)
        return np.concatenate(([self._bos], content[: self._limit], [self._eos]))


def code_points(text: str) -> NDArray[np.uint32]:
    """uint32[len(text)]; ValueError (UnicodeEncodeError) when the text has a lone surrogate."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4")
