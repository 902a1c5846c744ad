"""Pictures of the page for the documents, and what axe says of it.

A picture changes only with the page: what depends on when it is taken is always told the same.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")
COLOURS = 192
VISIBLE = 40
"""Of 255, in one of the three colours; Chromium does not round them alike each time."""
WIDTHS = {"phone": 390, "desktop": 1280}
TRIES = 200
DEVELOPED = """() => [...document.querySelectorAll("img, video")]
  .filter(one => one.getBoundingClientRect().top < innerHeight)
  .every(one => one.tagName === "IMG" ? one.complete && one.naturalWidth : one.readyState > 1)"""
DECODED = """() => Promise.all([...document.images]
  .filter(one => one.getBoundingClientRect().top < innerHeight).map(one => one.decode()))"""
TIMELESS = """() => {
  for (const one of document.querySelectorAll("time")) one.textContent = "2 Dec, 09:30";
  const parts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let one = parts.nextNode(); one; one = parts.nextNode()) {
    one.data = one.data.replace(/(Processing|steps,|took) \\d+\\u00a0(s|min)/, "$1 7\\u00a0s")
      .replace(", usually ", " of ~")
      .replace(/\\$0\\.\\d+/, "$0.0008").replace(/ is from .*?\\d\\d:\\d\\d/, " is from 09:30");
  }
}"""


def look(page: Page) -> None:
    """Axe finds nothing serious, and nothing is wider than the window."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def developed(page: Page) -> None:
    """Wait until all pictures that can be seen are there. The page's policy lets Playwright's own
    waiting for a function not through.
    """
    for _ in range(TRIES):
        if page.evaluate(DEVELOPED):
            page.evaluate(DECODED)
            return
        page.wait_for_timeout(100)
    raise AssertionError("some pictures do not come")


def taken(page: Page, file: Path, *, clip: bool = False) -> None:
    """A picture in few bytes, of the first card alone with `clip`; from here on nothing changes.
    One that looks like what is there already is not written.
    """
    page.route("**/api/**", lambda _unanswered: None)
    page.mouse.move(0, 0)
    page.evaluate(TIMELESS)
    target = page.get_by_role("article").first if clip else page
    shot = Image.open(BytesIO(target.screenshot(animations="disabled"))).convert("RGB")
    made = shot.quantize(COLOURS, kmeans=1)
    if not file.exists() or looks_different(made, Image.open(file)):
        made.save(file, optimize=True)


def looks_different(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return True
    found = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return max(found.tobytes()) > VISIBLE
