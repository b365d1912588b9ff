"""Changes to a stream of tokens. ``analysis.builtin`` imports them all, which registers them."""
