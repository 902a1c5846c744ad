"""The timeline as an HTML page: what it shows, that it needs nothing else, and that it is safe."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from postwright import history, timeline
from postwright.timeline import Timeline
from postwright.timeline_page import page
from tests.history_tape import Tape

HOSTILE = """'"><script>window.ran=1</script><img src=x onerror="window.ran=2">&amp;</style>"""
PROCESSING = {"next": "wait", "seen": [{"container": "0", "status": "IN_PROGRESS"}]}
VOID = {"meta", "br", "img", "link"}
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None
    texts: list[str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def place(self, side: str = "left") -> float:
        """Percent from the left, or wide."""
        [found] = re.findall(rf"{side}:([\d.]+)%", self.attributes["style"])
        return float(found)


class Page(HTMLParser):
    """The elements of a page, in their order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        element = Element(tag, named, self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def tagged(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def classed(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.classes]

    def bars(self, name: str) -> list[Element]:
        """Stretches of this kind in the picture, without the one of the legend."""
        return [found for found in self.classed(name) if "style" in found.attributes]


def of(tape: Tape, *files: str) -> Timeline:
    return timeline.of(history.read(tape.events), files=files)


def page_of(tape: Tape, *files: str) -> Page:
    return Page(page(of(tape, *files), "job-1"))


def a_run() -> Tape:
    """Twenty seconds of work, of which the first try fails and half is a wait."""
    tape = Tape()
    tape.enter("CheckQuota")
    tape.schedule()
    tape.passes(2).fail("TransientGraphError")
    tape.passes(3).schedule()
    tape.passes(5).succeed()
    tape.exit("CheckQuota")
    tape.wait("WaitForContainers", 10)
    return tape


def a_redriven_run() -> Tape:
    """Four seconds, then an hour of nothing, then twelve seconds."""
    tape = Tape()
    entered = tape.enter("CheckStatus")
    tape.schedule()
    tape.passes(4).fail("MediaRejectedError", "Refused.")
    tape.end_failed("MediaRejectedError", "Refused.")
    tape.passes(3_600).redrive()
    tape.schedule(after=entered)
    tape.passes(2).succeed(PROCESSING)
    tape.exit("CheckStatus")
    tape.wait("WaitForContainers", 10)
    tape.end()
    return tape


def hostile_run() -> Tape:
    tape = Tape()
    begun = tape.map_of(HOSTILE, 1)
    started = tape.iterate(HOSTILE, 0, after=begun)
    answer = {"outcome": HOSTILE, "error": {"message": HOSTILE}}
    tape.task("CreateContainer", answer, given={"index": 0}, after=started)
    tape.exit(HOSTILE, "Map")
    tape.enter("CheckStatus")
    tape.schedule()
    tape.fail(HOSTILE, HOSTILE)
    tape.end_failed(HOSTILE, HOSTILE)
    return tape


def test_every_row_has_a_bar_with_a_text_and_a_line_in_the_table() -> None:
    tape = a_redriven_run()

    found = page_of(tape)

    rows = of(tape).rows
    said = [bar.attributes["aria-label"] for bar in found.classed("bar")]
    assert said == [
        "CheckStatus: began at 0.0 s, lasted 4.0 s, failed",
        "the run failed with MediaRejectedError, at 4.0 s",
        "redriven at 2026-11-24T13:00:04Z, at 1 h",
        "CheckStatus: began at 1 h, lasted 2.0 s",
        "WaitForContainers: began at 1 h, lasted 10 s",
        "the run succeeded, at 1 h",
    ]
    assert all(bar.attributes["role"] == "img" for bar in found.classed("bar"))
    assert [cell.text for cell in found.classed("what")] == [row.what for row in rows]


def test_a_bar_shows_waits_work_and_failures_where_they_were() -> None:
    found = page_of(a_run())

    drawn = [
        (kind, bar.place(), bar.place("width"))
        for kind in ("bad", "pause", "work", "wait")
        for bar in found.bars(kind)
    ]
    assert drawn == [("bad", 0, 10), ("pause", 10, 15), ("work", 25, 25), ("wait", 50, 50)]


def test_the_pause_before_a_redrive_is_cut_out_and_a_line_marks_it() -> None:
    found = page_of(a_redriven_run())

    [line] = found.classed("redrive")
    [failed], [again], [wait] = (found.bars(kind) for kind in ("bad", "work", "wait"))
    assert line.place() == 25
    assert (failed.place(), failed.place("width")) == (0, 25)
    assert (again.place(), again.place("width")) == (25, 12.5)
    assert (wait.place(), wait.place("width")) == (37.5, 62.5)
    assert "The pauses between the runs are cut out" in found.tagged("main")[0].text


def test_what_went_wrong_has_a_cross_and_not_only_a_colour() -> None:
    found = page_of(a_redriven_run())

    [cross] = found.classed("cross")
    assert cross.text == "×"  # noqa: RUF001  the sign itself
    assert cross.parent is not None
    assert cross.parent.attributes["aria-label"].endswith(", failed")


def test_a_cross_at_the_right_edge_stands_before_its_bar() -> None:
    tape = Tape()
    answer = {"outcome": "rejected"}
    tape.task("CreateContainer", answer, seconds=1)
    tape.wait("WaitForContainers", 8)
    tape.task("CreateContainer", answer, seconds=1)

    found = page_of(tape)

    early, late = (cross.attributes["style"] for cross in found.classed("cross"))
    assert (early, late) == ("left:calc(10.000% + 6px)", "right:0.000%")


def test_what_was_before_the_start_of_a_scheduled_post_takes_no_room() -> None:
    tape = Tape()
    tape.task("LoadPost")
    tape.wait("WaitUntilScheduled", 86_400)
    tape.task("ReloadPost", seconds=1)
    tape.wait("WaitForContainers", 9)

    found = page_of(tape)

    assert [bar.text for bar in found.classed("bar")][:3] == [
        *("← before the start", "← before the start", ""),
    ]
    [wait] = found.bars("wait")
    assert (wait.place(), wait.place("width")) == (10, 90)


@pytest.mark.parametrize("seconds", [0, 0.2, 3, 59, 100, 3_000, 40_000, 86_400, 2_600_000])
def test_a_run_of_any_length_has_a_few_ticks_at_round_times(seconds: float) -> None:
    tape = Tape()
    tape.wait("WaitForContainers", seconds)

    ticks = page_of(tape).classed("tick")

    assert 2 <= len(ticks) <= 6
    assert ticks[0].text == "0 s"
    assert len({tick.text for tick in ticks}) == len(ticks)
    assert all(re.fullmatch(r"[\d.]+ (s|min|h|d)( \d+ \w+)?", tick.text) for tick in ticks)
    assert all(tick.place() <= 100 for tick in ticks)


def test_ticks_stand_where_their_time_is() -> None:
    found = page_of(a_run())

    assert [(tick.text, tick.place()) for tick in found.classed("tick")] == [
        *(("0 s", 0), ("5 s", 25), ("10 s", 50), ("15 s", 75), ("20 s", 100)),
    ]


def test_the_sums_and_the_price_are_on_the_page() -> None:
    tape = a_run()

    found = page_of(tape)

    shown = [paragraph.text for paragraph in found.tagged("p")]
    assert shown[1:] == of(tape).sums()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (None, "running"),
        ("Succeeded", "succeeded"),
        ("Failed", "failed"),
        ("TimedOut", "timed out"),
        ("Aborted", "stopped"),
    ],
)
def test_the_title_tells_how_the_run_stands(how: str | None, said: str) -> None:
    tape = a_run()
    if how is not None:
        tape.end(how)

    found = page_of(tape)

    assert found.tagged("title")[0].text == found.tagged("h1")[0].text == f"Job job-1: {said}"


def test_it_needs_nothing_else() -> None:
    source = page(of(a_redriven_run()), "job-1")

    found = Page(source)

    [policy] = [m for m in found.tagged("meta") if "http-equiv" in m.attributes]
    assert policy.attributes["http-equiv"] == "Content-Security-Policy"
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert [e.tag for e in found.elements if e.tag in ("script", "link", "img", "iframe")] == []
    assert [e.tag for e in found.elements if {"src", "href"} & e.attributes.keys()] == []
    assert re.findall(r"url\(|@import|https?:", source) == []


def test_hostile_names_and_texts_stay_text() -> None:
    source = page(of(hostile_run(), HOSTILE), HOSTILE)

    found = Page(source)
    plain = Page(page(of(a_run()), "job-1"))

    allowed = {element.tag for element in plain.elements}
    names = {name for element in found.elements for name in element.attributes}
    assert {element.tag for element in found.elements} <= allowed
    assert [name for name in names if name.startswith("on")] == []
    assert "<script" not in source
    assert found.tagged("title")[0].text == f"Job {HOSTILE}: failed"
    assert f"CreateContainer 1: {HOSTILE}" in [cell.text for cell in found.tagged("td")]
    labels = [bar.attributes["aria-label"] for bar in found.classed("bar")]
    assert labels[0].startswith(f"{HOSTILE}: began at 0.0 s")


# In a browser.

MEASURE = """<!doctype html><meta charset="utf-8"><title>waiting</title>
<iframe src="run.html" style="width:{width}px;height:900px;border:0"></iframe>
<script>
document.querySelector("iframe").onload = (event) => {{
  const page = event.target.contentDocument, look = page.defaultView.getComputedStyle;
  const boxes = (name) => [...page.querySelectorAll(name)].map((e) => e.getBoundingClientRect());
  const wait = page.querySelector(".bar .wait");
  const all = [...page.querySelectorAll("body *")].map((e) => e.getBoundingClientRect().right);
  document.title = [
    "overflow " + (page.documentElement.scrollWidth > {width}),
    "right " + Math.ceil(Math.max(...all)),
    "names " + boxes(".name").every((box) => box.width > 40),
    "bars " + boxes(".bar").every((box) => box.width > 250),
    "wait " + Math.round(wait.getBoundingClientRect().width /
      wait.parentElement.getBoundingClientRect().width * 100),
    "hatched " + look(wait).backgroundImage.startsWith("repeating-linear-gradient"),
    "ground " + look(page.body).backgroundColor,
    "scripts " + (page.defaultView.ran === undefined),
  ].join("; ");
}};
</script>"""


def measured(folder: Path, *options: str, width: int) -> dict[str, str]:
    """What a browser makes of `run.html` in this folder."""
    (folder / "measure.html").write_text(MEASURE.format(width=width), encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"),
            *("--virtual-time-budget=5000", f"--user-data-dir={folder / 'profile'}"),
            *options,
            "--dump-dom",
            (folder / "measure.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    [title] = re.findall(r"<title>(.*?)</title>", done.stdout)
    return dict(part.split(" ", 1) for part in title.split("; "))


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_all_of_it_at_the_width_of_a_desk_and_of_a_phone(
    width: int, tmp_path: Path
) -> None:
    long_name = f"{'very' * 60}long.jpg"
    tape = hostile_run()
    tape.redrive()
    for _ in range(3):
        tape.wait("WaitForContainers", 10)
        tape.task("CheckStatus", PROCESSING)
    (tmp_path / "run.html").write_text(page(of(tape, long_name), "job-1"), encoding="utf-8")

    found = measured(tmp_path, width=width)

    assert found["overflow"] == "false"
    assert int(found["right"]) <= width
    assert (found["names"], found["bars"], found["hatched"]) == ("true", "true", "true")
    assert found["wait"] == "33"
    assert found["scripts"] == "true"


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium")
def test_a_browser_shows_it_dark_where_that_is_preferred(tmp_path: Path) -> None:
    (tmp_path / "run.html").write_text(page(of(a_run()), "job-1"), encoding="utf-8")

    light = measured(tmp_path, "--blink-settings=preferredColorScheme=1", width=390)
    dark = measured(tmp_path, "--blink-settings=preferredColorScheme=0", width=390)

    assert (light["ground"], dark["ground"]) == ("rgb(255, 255, 255)", "rgb(18, 23, 29)")
