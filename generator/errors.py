"""What can go wrong between a model's name and its text; every message says what to do."""

from __future__ import annotations


class GeneratorError(Exception):
    """Base of this room's errors."""


class ModelNotInstalled(GeneratorError, RuntimeError):
    """The named model's weights are not on this machine; the message holds the command that installs them."""


class UnsupportedModel(GeneratorError, ValueError):
    """The file is not a model that this room can run; the message names the part and what would do."""


class DamagedModel(GeneratorError, RuntimeError):
    """The file is cut off or its bytes are not the expected ones; the message says how to replace it."""


class InvalidSampling(GeneratorError, ValueError):
    """A sampling parameter is out of its range; the message names it and the range."""


class ContextTooLong(GeneratorError, ValueError):
    """The prompt and the tokens asked for do not fit the model's context.

    Attributes: ``prompt_tokens``, ``max_tokens`` and ``context_length``, all in tokens.
    """

    def __init__(self, prompt_tokens: int, max_tokens: int, context_length: int) -> None:
        self.prompt_tokens = prompt_tokens
        self.max_tokens = max_tokens
        self.context_length = context_length
        super().__init__(
            f"the prompt is {prompt_tokens} tokens and max_tokens is {max_tokens}, together more than the "
            f"model's context of {context_length}: shorten the prompt or ask for fewer tokens"
        )
