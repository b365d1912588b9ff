"""Text in, vectors out: BERT encoders, word2vec, GloVe. Everything is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embeddings.base import ModelNotInstalled, TextEncoder
    from embeddings.bert import FolderOptions
    from embeddings.cache import EmbeddingCache
    from embeddings.cached_encoder import CachedEncoder
    from embeddings.glove import GloVeConfig, train_glove
    from embeddings.registry import load_encoder
    from embeddings.sif import SifEncoder
    from embeddings.word2vec import Word2VecConfig, train_word2vec
    from embeddings.word_vectors import WordVectors

_MODULES = {
    "CachedEncoder": "cached_encoder",
    "EmbeddingCache": "cache",
    "FolderOptions": "bert",
    "GloVeConfig": "glove",
    "ModelNotInstalled": "base",
    "SifEncoder": "sif",
    "TextEncoder": "base",
    "Word2VecConfig": "word2vec",
    "WordVectors": "word_vectors",
    "load_encoder": "registry",
    "train_glove": "glove",
    "train_word2vec": "word2vec",
}

__all__ = [
    "CachedEncoder",
    "EmbeddingCache",
    "FolderOptions",
    "GloVeConfig",
    "ModelNotInstalled",
    "SifEncoder",
    "TextEncoder",
    "Word2VecConfig",
    "WordVectors",
    "load_encoder",
    "train_glove",
    "train_word2vec",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'embeddings' has no attribute {name!r}")
    return getattr(import_module(f"embeddings.{_MODULES[name]}"), name)
