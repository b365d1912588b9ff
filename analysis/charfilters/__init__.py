"""Changes to a text before it is cut, each keeping where every character came from.

``analysis.builtin`` imports them all, which registers them.
"""
