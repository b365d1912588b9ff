"""What every encoder of texts offers, whatever stands behind it (BERT, word vectors)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class ModelNotInstalled(RuntimeError):
    """A model's files are not on this machine; the message says which command brings them."""


@runtime_checkable
class TextEncoder(Protocol):
    """Turns texts into vectors whose inner product is their similarity.

    Passages and questions are encoded by separate methods because some models (E5) were trained with
    a different prefix for each; a model without that distinction encodes both alike.
    """

    @property
    def name(self) -> str:
        """The name a mapping uses for this encoder."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text would get another vector; stored beside derived vectors."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32[len(texts), dimension], row i the L2-normalised vector of ``texts[i]``.

        A text's vector does not depend on the texts it is encoded with. Text that has no content
        the model knows may give a zero row; no text raises.
        """

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions: float32[len(texts), dimension]."""
