"""Prints what to try, once a service is ready: `python -m cli.announce URL PID`, started by `quarry run`."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request

PATIENCE = 300.0  # seconds


def main(url: str, service: int) -> int:
    """Wait until the service `service` answers at `url`, then print; 0 also when it ended before."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and os.getppid() == service:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=10) as response:  # noqa: S310 (http, our own)
                if response.status == 200:
                    print(text(url), flush=True)
                    return 0
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    return 0


def text(url: str) -> str:
    """The address of the search page, and three requests to copy."""
    search, ask = f"'{url}/demo/_search?pretty'", f"'{url}/demo/_ask?pretty'"
    question = '{"question": "Which highway did the fire near Goulburn close?"}'
    return f"""
Quarry is ready. The search page: {url}/

Try, in another terminal:

  # a Chinese search
  curl -sG {search} -d size=3 -d mode=hybrid --data-urlencode 'q=怎样索引自己的文件'

  # an English search, by words and by meaning
  curl -sG {search} -d size=3 -d mode=hybrid --data-urlencode 'q=fires threatening homes near Sydney'

  # a question, answered with citations
  curl -s {ask} -H 'content-type: application/json' -d '{question}'

Ctrl-C ends the service.
"""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
