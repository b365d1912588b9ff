"""`python -m indexer PATH --index NAME` is `quarry index PATH --index NAME`.

An entry point stands above the house, not in its room: so the command line is looked up when it runs, and
the room itself still imports nothing from above.
"""

import importlib
import sys

if __name__ == "__main__":
    sys.exit(importlib.import_module("cli").main(["index", *sys.argv[1:]]))
