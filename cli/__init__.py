"""The `quarry` command: one file a command, loaded when it is called.

`main` is the entry point; nothing of the rooms below is imported to print a help page.
"""

from .app import main

__all__ = ["main"]
