"""A small WebDriver client: headless Chromium driven through chromedriver's HTTP interface.

Commands are the W3C WebDriver recommendation's (https://www.w3.org/TR/webdriver2/), and chromedriver's
`goog/cdp/execute` for what it lacks: screen width, colour scheme, language, being offline.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element reference, WebDriver section 12.1
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Down": "\ue015", "Up": "\ue013", "Tab": "\ue004"}
T = TypeVar("T")


def installed() -> tuple[str, str] | None:
    """The paths of Chromium and of its driver; None where either is absent."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    chromium = next((found for name in names if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (chromium, driver) if chromium and driver else None


class Browser:
    """One browser with one page; `close` ends it and its driver."""

    def __init__(self, profile: Path) -> None:
        programs = installed()
        assert programs is not None, "ask installed() first"
        chromium, driver = programs
        self._process = subprocess.Popen(
            [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        port = next(
            found.group(1) for line in self._process.stdout if (found := re.search(r"successfully on port (\d+)", line))
        )
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)
        arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-proxy-server",
        ]
        options = {"binary": chromium, "args": [*arguments, f"--user-data-dir={profile}"]}
        capabilities = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 20_000},
        }
        answer = self._http.post("/session", json={"capabilities": {"alwaysMatch": capabilities}}).json()["value"]
        self._session = f"/session/{answer['sessionId']}"
        self._agent = self.run("return navigator.userAgent").replace("Headless", "")

    def close(self) -> None:
        self._http.delete(self._session)
        self._http.close()
        self._process.terminate()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, self._session + path, json=body if method == "POST" else None)
        value = answer.json()["value"]
        if answer.is_error:
            raise RuntimeError(f"{path}: {value['error']}: {value['message']}")
        return value

    def devtools(self, name: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def emulate(self, *, width: int = 1280, height: int = 900, dark: bool = False, language: str = "en-US") -> None:
        """The screen and the reader's preferences, for the pages opened from now on."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.devtools("Emulation.setEmulatedMedia", features=features)
        self.devtools("Emulation.setUserAgentOverride", userAgent=self._agent, acceptLanguage=language)

    def offline(self, offline: bool) -> None:
        self.devtools("Network.enable")
        self.devtools(
            "Network.emulateNetworkConditions",
            offline=offline, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip

    def open(self, url: str) -> None:
        self.command("POST", "/url", {"url": url})

    @property
    def url(self) -> str:
        return str(self.command("GET", "/url"))

    def back(self) -> None:
        self.command("POST", "/back", {})

    def forward(self) -> None:
        self.command("POST", "/forward", {})

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that a script returns; a promise is waited for."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def all(self, selector: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.command("POST", "/elements", {"using": "css selector", "value": selector})
        return found

    def click(self, selector: str, nth: int = 0) -> None:
        """Clicks the nth match as a reader would: it must be visible and uncovered."""
        element = self.until(lambda: self.all(selector)[nth : nth + 1], f"{selector} #{nth}")[0]
        self.command("POST", f"/element/{element[ELEMENT]}/click", {})

    def type(self, text: str) -> None:
        """Presses keys wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def press(self, *names: str) -> None:
        """Presses named keys (`KEYS`) or single characters."""
        self.type("".join(KEYS.get(name, name) for name in names))

    def text(self, selector: str) -> str | None:
        """The text of the first match as it is rendered; None where there is no match."""
        found: str | None = self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)
        return found

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)"
        found: list[str] = self.run(script, selector)
        return found

    def until(self, condition: Callable[[], T], what: str = "the condition", seconds: float = 20) -> T:
        """Waits until a condition gives something true, and returns that."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}; the page says: {self.text('body')!r}")
            time.sleep(0.03)
        return value

    def log(self) -> list[str]:
        """The console's warnings and errors since the last call."""
        entries = self.command("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.command("GET", "/screenshot")))
