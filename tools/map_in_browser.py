#!/usr/bin/env python3
"""Tests a word map (crates/word_vectors/src/map) in a headless Chromium, as a user would see it.

    python3 tools/map_in_browser.py map.html [--word king] [--screenshot map.png] [--size 1400x900] [--dark]

Checks that points and labels are drawn, that the wheel zooms and more labels appear, that a search finds a word and shows its
neighbors, that the pointer over a word shows its own, that `#word=` in the address shows a word, and that the page asks for nothing
and reports no error. Exits with 1 if one of these fails, with 0 and "skipped" if no Chromium is installed. Needs Python alone.
"""

import argparse
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip


class Failed(Exception):
    """A failed check of the map."""


def check(condition, text):
    if not condition:
        raise Failed(text)
    print("ok:", text)


class Browser:
    """A Chromium controlled by the DevTools protocol over two pipes, its file descriptors 3 and 4: JSON that ends with a 0."""

    def __init__(self, program, profile, size):
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()

        def connect():
            # First moved away from 3 and 4, since they may already be one of these.
            ours = [os.dup2(fd, fd + 100) for fd in (commands, answers)]
            os.dup2(ours[0], 3)
            os.dup2(ours[1], 4)

        arguments = [program, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "about:blank"]
        self.process = subprocess.Popen(
            arguments, preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(commands)
        os.close(answers)
        self.number, self.session, self.events, self.rest = 0, None, [], b""

    def attach(self):
        """Attaches to the page."""
        page = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(domain + ".enable")

    def ask(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise Failed(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def read(self, seconds=60):
        while b"\0" not in self.rest:
            if not select.select([self.answers], [], [], seconds)[0]:
                raise Failed(f"Chromium has not answered for {seconds} seconds")
            more = os.read(self.answers, 1 << 20)
            if not more:
                raise Failed("Chromium ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise Failed(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, expression, what, seconds=20):
        """Waits until an expression is true on the page."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.value(expression):
                return check(True, what)
            time.sleep(0.05)
        raise Failed(f"{what}: not within {seconds} seconds")

    def open(self, url):
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && !!document.getElementById('map')", "the page opens")

    def mouse(self, kind, x, y, **more):
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def press(self, key, text=None):
        more = {"text": text} if text else {}
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, **more)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)

    def screenshot(self, path):
        image = self.ask("Page.captureScreenshot", format="png")["data"]
        Path(path).write_bytes(base64.b64decode(image))

    def close(self):
        try:
            self.ask("Browser.close")
        except (Failed, OSError):
            pass
        os.close(self.commands)
        os.close(self.answers)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# The number of pixels of the canvas that are neither transparent nor grey: those of points, since letters are nearly grey.
COLORED = """(() => {
  const canvas = document.getElementById("map");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const [r, g, b, a] = pixels.subarray(i, i + 4);
    if (a > 0 && Math.max(r, g, b) - Math.min(r, g, b) > 40) count++;
  }
  return count;
})()"""
DATA = "JSON.parse(document.getElementById('data').textContent)"
SHOWN = "document.getElementById('card').hidden ? null : document.getElementById('word').textContent"
NEIGHBORS = "[...document.querySelectorAll('#neighbors bdi')].map(e => e.textContent)"


def number(browser, name):
    return int(browser.value(f"document.documentElement.dataset.{name} || 0"))


def look(browser, url, word, screenshot):
    browser.open(url)
    data = browser.value(DATA)
    words = data["words"]
    word = word if word is not None else words[min(len(words) - 1, 100)]
    check(word in words, f"{word!r} is one of the {len(words)} words")
    expected = [words[i] for i in data["near"][words.index(word)]]

    browser.wait_for(f"Number(document.documentElement.dataset.points) === {len(words)}", "all points are in sight")
    check(browser.value(COLORED) >= 3 * min(len(words), 500), "points are drawn in color")
    check(number(browser, "labels") > 0, "some have labels")
    if screenshot:
        browser.screenshot(screenshot)

    # The word at the middle of the canvas' first label, found with the pointer alone.
    width, height = browser.value("[innerWidth, innerHeight]")
    found = None
    for step in range(2000):
        x, y = width * (0.3 + 0.6 * (step % 45) / 45), height * (0.1 + 0.8 * (step // 45) / 45)
        browser.mouse("mouseMoved", x, y)
        found = browser.value(SHOWN)
        if found is not None:
            break
    check(found in words, f"the pointer over {found!r} shows it")
    check(browser.value(NEIGHBORS) == [words[i] for i in data["near"][words.index(found)]], "with its neighbors")

    points = number(browser, "points")
    for _ in range(6):
        browser.mouse("mouseWheel", x, y, deltaX=0, deltaY=-300)
    if len(words) > 20:
        browser.wait_for(f"Number(document.documentElement.dataset.points) < {points}", "the wheel zooms in")
    browser.press("0")
    browser.wait_for(f"Number(document.documentElement.dataset.points) === {len(words)}", "the key 0 shows the whole map")

    browser.press("/")
    browser.ask("Input.insertText", text=word)
    browser.wait_for(
        f"[...document.querySelectorAll('#suggestions li')].some(e => e.textContent === {json.dumps(word)})",
        f"a search suggests {word!r}",
    )
    browser.press("Enter", "\r")
    browser.wait_for(f"({SHOWN}) === {json.dumps(word)}", "Enter takes it")
    check(browser.value(NEIGHBORS) == expected, f"its neighbors are {', '.join(expected)}")

    fragment = "#word=" + urllib.parse.quote(word)
    browser.open(url + fragment)
    browser.wait_for(f"({SHOWN}) === {json.dumps(word)}", f"the address with {fragment} shows it")
    time.sleep(0.8)
    if screenshot:
        browser.screenshot(Path(screenshot).with_suffix(".word.png"))

    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    foreign = [url for url in asked if not url.startswith(("file:", "about:", "data:"))]
    check(not foreign, f"the page asks for nothing {foreign or ''}".strip())
    wrong = [e["params"] for e in browser.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
    check(not wrong, f"no error is reported {wrong or ''}".strip())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("map", type=Path, help="an HTML page written by WordMap::save")
    parser.add_argument("--word", help="a word to search for; default: one of the first 101")
    parser.add_argument("--screenshot", help="where to write pictures of the page, PATH.png and PATH.word.png")
    parser.add_argument("--size", default="1400x900", help="of the window; default 1400x900")
    parser.add_argument("--dark", action="store_true", help="in the dark color scheme")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        print(f"skipped: no Chromium is installed ({', '.join(NAMES)})")
        return 0
    size = [int(side) for side in arguments.size.split("x")]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile, size)
        try:
            browser.attach()
            browser.ask("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
            scheme = "dark" if arguments.dark else "light"
            browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            look(browser, arguments.map.resolve().as_uri(), arguments.word, arguments.screenshot)
        # A page without the expected words, and a Chromium that exits, are failures as well.
        except (Failed, OSError, ValueError, LookupError, TypeError, StopIteration) as failed:
            print(f"FAILED: {type(failed).__name__}: {failed}", file=sys.stderr)
            return 1
        finally:
            browser.close()
    print("the map works")
    return 0


if __name__ == "__main__":
    sys.exit(main())
