"""Changes to a text before it is cut, each keeping where every character came from."""

from analysis.charfilters import html, mapping, normalize

__all__ = ["html", "mapping", "normalize"]
