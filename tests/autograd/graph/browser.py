"""Runs the interactive page in headless Chromium, with a script that plays the reader."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

import pytest

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="needs Chromium")

# What a script can use: events as a reader causes them, and what the page shows.
TOOLS = """
const $ = (id) => document.getElementById(id), canvas = $("graph");
const { DATA, scene, view, state, visible } = window.page;
const type = (text) => { $("search").value = text; $("search").dispatchEvent(new Event("input")); };
const press = (key, target = document.body) =>
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const pixel = () => canvas.getContext("2d").getImageData(0, 0, 1, 1);  // waits for what was painted
const at = (item, dx = null, dy = null) => {  // where an item is on the screen
  const s = scene.at.get(item), corner = canvas.getBoundingClientRect();
  const [x, y] = [s.x + (dx ?? s.w / 2), s.y + (dy ?? s.h / 2)];
  return { clientX: corner.left + x * view.scale + view.x, clientY: corner.top + y * view.scale + view.y };
};
const pointer = (name, place) =>
  canvas.dispatchEvent(new PointerEvent(name, { ...place, pointerId: 1, button: 0, bubbles: true }));
const click = (place) => { pointer("pointerdown", place); pointer("pointerup", place); };
const group = (path) => DATA.groups.find((g) => g.path === path);
const toggle = (g) => click(g.folded ? at(g.item, 13, 13) : at(g.item, 16, 16));
const timed = (action) => {
  pixel();
  const start = performance.now();
  action();
  pixel();
  return performance.now() - start;
};
// How long an action takes in turns of a work of known size, the best of a few: a busy machine is
// slow at both, and what a reader waits in seconds is for the benchmark to say.
const work = () => {
  const seen = new Map();
  for (let i = 0, key = 1; i < 2e5; i++) seen.set((key = (key * 48271) % 2147483647), i);
  return [...seen.keys()].sort((a, b) => a - b);
};
const turns = (action, tries = 5) => {
  const ratios = [];
  for (let i = 0; i < tries; i++) ratios.push(timed(action) / timed(work));
  return Math.min(...ratios);
};
const fromMiddle = (item) => {
  const place = at(item), { left, top, width, height } = canvas.getBoundingClientRect();
  return Math.hypot(place.clientX - left - width / 2, place.clientY - top - height / 2);
};
const routes = () => scene.layers.flatMap(({ plan, x, y }) => plan.routes.map((route) => {
  const moved = (points) => points?.map((v, i) => v + (i % 2 ? y : x));
  const [x1, y1, y2, x2, y3, y4] = route.curve ?? [];
  const curve = route.curve && [x1 + x, y1 + y, y2 + y, x2 + x, y3 + y, y4 + y];
  return { ...route, curve, points: moved(route.points) };
}));
const record = (test) => DATA.records.findIndex(test);
"""


def browse(page, script, size="1400,900"):
    """Opens a page; returns what the script returns, and the page as it was then."""
    driver = f"""<script>
      const problems = [];
      addEventListener("error", (event) => problems.push(event.message));
    </script>{{}}<script>
      const done = (() => {{ {TOOLS} {script} }})();
      const result = document.createElement("pre");
      result.id = "result";
      result.textContent = JSON.stringify({{ done: done ?? null, problems }});
      document.body.append(result);
    </script></body>"""
    # the policy of the page allows no script but its own
    page = re.sub("script-src '[^']*'", "script-src 'unsafe-inline'", page, count=1)
    before, _, body = page.partition("<body>")
    head, tail = driver.split("{}")
    body = f"<body>{head}{body}".replace("</body>", tail)
    found = re.search(r'<pre id="result">(.*?)</pre>', dom(f"{before}{body}", size), re.DOTALL)
    assert found, "the script did not end"
    answer = json.loads(unescape(found[1]))
    assert answer["problems"] == []
    return answer["done"]


def dom(page, size="1400,900"):
    """The page as it is when it has been loaded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(page, encoding="utf-8")
        command = [
            PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/user",
            f"--window-size={size}", "--dump-dom", path.as_uri(),
        ]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return run.stdout
