"""A question in, a cited answer out, or an honest refusal."""

from .ask import ask, ask_stream
from .request import AskRequest
from .result import Answer, Citation

__all__ = ["Answer", "AskRequest", "Citation", "ask", "ask_stream"]
