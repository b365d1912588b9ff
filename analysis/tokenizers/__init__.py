"""Ways to cut a text. ``analysis.builtin`` imports them all, which registers them."""
