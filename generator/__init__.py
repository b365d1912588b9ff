"""The built-in generator: a prompt in, text out, from a Llama-architecture model in this process.

    generator = load_generator("smollm2-135m-instruct", cache, threads=1)
    for piece in generator.generate([Message("user", "…")], Sampling(max_tokens=100)):
        print(piece.text, end="")

In reading order: ``gguf``, ``ggml`` and ``blocks`` (the file), ``config`` and ``graph`` (the model as an
onnxruntime graph), ``build`` (kept on disk), ``tokenizer`` and ``chat`` (text to tokens), ``decoder``,
``prefix`` and ``lookup`` (running it, and running less of it), ``sampling`` and ``beam`` (choosing
tokens), ``text`` (tokens to text), ``generate`` (all of it), ``registry`` (models by name).
"""

from generator.errors import (
    ContextTooLong,
    DamagedModel,
    GeneratorError,
    InvalidSampling,
    ModelNotInstalled,
    UnsupportedModel,
)
from generator.generate import Generator
from generator.registry import load_generator
from generator.types import Message, Piece, Sampling, Usage

__all__ = [
    "ContextTooLong",
    "DamagedModel",
    "Generator",
    "GeneratorError",
    "InvalidSampling",
    "Message",
    "ModelNotInstalled",
    "Piece",
    "Sampling",
    "UnsupportedModel",
    "Usage",
    "load_generator",
]
