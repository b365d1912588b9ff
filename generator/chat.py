"""A conversation as the text that a chat model was trained on.

The model's own Jinja template is rendered, as Hugging Face's ``apply_chat_template`` does (blocks
trimmed, ``messages``, ``add_generation_prompt``, ``bos_token``, ``eos_token``, ``raise_exception``), in
Jinja's sandbox. A file without one gets a known template by the tokens of its vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import NoReturn

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from generator.errors import UnsupportedModel
from generator.tokenizer import Tokenizer
from generator.types import Message

_ROLES = ("system", "user", "assistant")


class ChatTemplate:
    """Renders messages to the token ids of a prompt that ends where the assistant is to speak."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        source = tokenizer.chat_template or _known_template(tokenizer)
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise UnsupportedModel(f"the model's chat template cannot be read: {error}") from error

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of the prompt, int[n].

        Control tokens are recognised in the template's own text only: a passage that contains
        ``<|im_end|>`` stays text, so that no document can end the user's turn. Raises ``ValueError``
        for an empty conversation, an unknown role, or one that the template refuses.
        """
        if not messages:
            raise ValueError("a prompt needs at least one message")
        for message in messages:
            if message.role not in _ROLES:
                raise ValueError(f"{message.role!r} is no role: use {', '.join(_ROLES)}")
        guard = _unused_character(messages)
        text = self._render([self._guarded(m, guard) for m in messages])
        ids: list[int] = []
        for part in self._tokenizer.split_special(text):
            token = self._tokenizer.special.get(part)
            ids += [token] if token is not None else self._tokenizer.encode(part.replace(guard, ""))
        bos = self._tokenizer.bos
        return [bos, *ids] if bos is not None and ids[:1] != [bos] else ids

    def _guarded(self, message: Message, guard: str) -> dict[str, str]:
        """The message with each control token in its content broken by a character that is taken out later."""
        content = "".join(
            part[0] + guard + part[1:] if part in self._tokenizer.special else part
            for part in self._tokenizer.split_special(message.content)
        )
        return {"role": message.role, "content": content}

    def _render(self, messages: list[dict[str, str]]) -> str:
        try:
            return self._template.render(
                messages=messages,
                add_generation_prompt=True,
                bos_token=self._tokenizer.bos_text,
                eos_token=self._tokenizer.eos_text,
            )
        except jinja2.TemplateError as error:
            raise ValueError(f"the model's chat template refuses this conversation: {error}") from error


def _known_template(tokenizer: Tokenizer) -> str:
    known = json.loads(resources.files("generator").joinpath("chat_templates.json").read_text(encoding="utf-8"))
    for entry in known.values():
        if entry["marker"] in tokenizer.special:
            return str(entry["template"])
    raise UnsupportedModel(f"the model has no chat template, nor the tokens of one of {', '.join(known)}")


def _refuse(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _unused_character(messages: Sequence[Message]) -> str:
    """A private-use character that no message contains."""
    used = set().union(*(message.content for message in messages))
    return next(c for c in map(chr, range(0xE000, 0xF900)) if c not in used)
