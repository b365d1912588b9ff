"""Byte-level byte-pair encoding, from the vocabulary and merges in a GGUF file.

Algorithm: Sennrich et al. 2016 (merges), Radford et al. 2019 ("GPT-2": bytes as the alphabet, text cut
by a pattern first). The patterns are in ``pretokenizers.json``, under the names that GGUF files use.
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from tokenizers import Regex, models, pre_tokenizers
from tokenizers import Tokenizer as _HuggingFaceTokenizer

from generator.errors import UnsupportedModel
from generator.gguf import GGUF

_CONTROL, _USER_DEFINED = 3, 4  # tokenizer.ggml.token_type
# Tokens that end a turn or a text, in the vocabularies of Llama-architecture chat models.
_END_TOKENS = ("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>", "<|end|>", "</s>")


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's letters for the 256 bytes: printable ones stand for themselves, the others follow at 256."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    letters = {chr(b): b for b in printable}
    letters.update({chr(256 + i): b for i, b in enumerate(others)})
    return letters


_BYTES = _byte_alphabet()


class Tokenizer:
    """Text to token ids and back.

    ``special`` maps the text of control tokens to their ids: they are recognised only where
    ``encode(special=True)`` asks for it, so that text of a document never becomes one.
    """

    def __init__(self, model: _HuggingFaceTokenizer, facts: dict[str, Any]) -> None:
        self._model = model
        self._facts = facts
        self.special: dict[str, int] = facts["special"]
        self._defined: dict[str, int] = facts["user_defined"]
        self.bos: int | None = facts["bos"] if facts["add_bos"] else None
        self.ends: frozenset[int] = frozenset(facts["ends"])
        self.chat_template: str | None = facts["chat_template"]
        self.bos_text: str = facts["bos_text"]
        self.eos_text: str = facts["eos_text"]

    def encode(self, text: str, special: bool = False) -> list[int]:
        """Token ids of ``text``; no token is added. ``special`` recognises control tokens in it."""
        ids: list[int] = []
        known = self.special | self._defined if special else self._defined
        for part in _split(text, self._all_tokens if special else self._defined_tokens):
            token = known.get(part)
            ids += [token] if token is not None else self._model.encode(part, add_special_tokens=False).ids
        return ids

    def token_bytes(self, token: int) -> bytes:
        """The bytes that a token stands for; control tokens stand for none."""
        text = self._model.id_to_token(token) or ""
        if text in self.special:
            return b""
        if text in self._defined or not all(c in _BYTES for c in text):
            return text.encode()  # a user-defined token is plain text
        return bytes(_BYTES[c] for c in text)

    def decode(self, ids: list[int]) -> str:
        """The text of tokens; bytes that form no character become U+FFFD."""
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", "replace")

    def split_special(self, text: str) -> list[str]:
        """``text`` cut at its control tokens, which are parts of their own; joined, it is the text again."""
        return _split(text, self._special_tokens)

    @cached_property
    def _special_tokens(self) -> re.Pattern[str] | None:
        return _alternatives(list(self.special))

    @cached_property
    def _all_tokens(self) -> re.Pattern[str] | None:
        return _alternatives([*self.special, *self._defined])

    @cached_property
    def _defined_tokens(self) -> re.Pattern[str] | None:
        return _alternatives(list(self._defined))

    def save(self, folder: Path) -> None:
        """Writes ``tokenizer.json`` and ``vocabulary.json``; ``load_tokenizer`` reads them."""
        self._model.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "vocabulary.json").write_text(json.dumps(self._facts, ensure_ascii=False), encoding="utf-8")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer that ``Tokenizer.save`` wrote."""
    facts = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
    return Tokenizer(_HuggingFaceTokenizer.from_file(str(folder / "tokenizer.json")), facts)


def read_tokenizer(file: GGUF) -> Tokenizer:
    """The tokenizer in a GGUF file; ``UnsupportedModel`` when it is not byte-level BPE of a known pattern."""
    meta = file.metadata
    if meta.get("tokenizer.ggml.model") != "gpt2":
        raise UnsupportedModel(
            f"{file.path} has a {meta.get('tokenizer.ggml.model')!r} tokenizer: only byte-level BPE (gpt2) runs here"
        )
    name = meta.get("tokenizer.ggml.pre", "gpt-2")
    known = json.loads(resources.files("generator").joinpath("pretokenizers.json").read_text(encoding="utf-8"))
    if name not in known:
        raise UnsupportedModel(f"{file.path} cuts text by {name!r}: patterns known here are {', '.join(known)}")
    pre = known[name]
    tokens: list[str] = meta["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in meta["tokenizer.ggml.merges"]]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    model = _HuggingFaceTokenizer(models.BPE(vocabulary, merges, ignore_merges=pre["ignore_merges"]))
    model.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *(pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in pre["patterns"]),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    types = meta["tokenizer.ggml.token_type"]
    bos, eos = (meta.get(f"tokenizer.ggml.{kind}_token_id") for kind in ("bos", "eos"))
    ends = {int(meta[key]) for key in ("tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id") if key in meta}
    ends |= {vocabulary[t] for t in _END_TOKENS if t in vocabulary and types[vocabulary[t]] == _CONTROL}
    return Tokenizer(
        model,
        {
            "special": {t: i for i, t in enumerate(tokens) if types[i] == _CONTROL},
            "user_defined": {t: i for i, t in enumerate(tokens) if types[i] == _USER_DEFINED},
            "bos": bos,
            "bos_text": "" if bos is None else tokens[bos],
            "eos_text": "" if eos is None else tokens[eos],
            "add_bos": bool(meta.get("tokenizer.ggml.add_bos_token", pre["add_bos"])) and bos is not None,
            "ends": sorted(ends),
            "chat_template": meta.get("tokenizer.chat_template"),
        },
    )


def _alternatives(tokens: list[str]) -> re.Pattern[str] | None:
    """A pattern that splits at any of the tokens and keeps them; the longest token wins."""
    longest_first = sorted(tokens, key=len, reverse=True)
    return re.compile(f"({'|'.join(map(re.escape, longest_first))})") if tokens else None


def _split(text: str, pattern: re.Pattern[str] | None) -> list[str]:
    parts = pattern.split(text) if pattern else [text]
    return [part for part in parts if part]
