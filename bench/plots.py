"""The plots of `docs/performance.md`, drawn from the committed results by `docs.generate`.

Each is drawn alike every time: ids come from a constant, no date and no version is in it, and
letters are text. They are small enough to be read on a phone.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bench import costs_page, promises
from bench.figures import COMMITTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

_WIDE, _SMALL = 5.4, 4.2
"""Inches, each 96 pixels of a page."""
_INK, _FAINT = "#1f2328", "#d0d7de"
_OURS, _OTHER, _THIRD, _ABOVE = "#0969da", "#bf8700", "#6e7781", "#cf222e"
_STYLE: Final[dict[RcKeyType, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "text.color": _INK,
    "axes.edgecolor": _FAINT,
    "axes.labelcolor": _INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.constrained_layout.h_pad": 0.12,
    "figure.constrained_layout.w_pad": 0.12,
    "legend.frameon": False,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "svg.fonttype": "none",
    "svg.hashsalt": "postwright",
}
_BAR: Final = 0.72
_ROW: Final = 0.27
"""Inches of a bar with its room."""
_TOO_CLOSE: Final = 0.05
"""To zero, as a share of the largest: no room for a number between."""

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of a small plot: what it is called, and its key in each point of the results."""

    name: str
    key: str
    colour: str


@dataclass(frozen=True)
class Series:
    """One series of results/growth.json, and how it is drawn."""

    name: str
    title: str
    across: str
    lines: tuple[Line, ...]
    tens: bool = False


_TIMES: Final = (Line("median", "medianSeconds", _OURS), Line("95 %", "p95Seconds", _OTHER))
SERIES: Final = (
    Series(
        "items",
        "A post of many photos: counts",
        "photos in the post",
        (
            Line("transitions", "transitionsMean", _OURS),
            Line("calls to Instagram", "graphCalls", _OTHER),
        ),
    ),
    Series("photos", "Photos at once: seconds of a run", "posts at once", _TIMES),
    Series("carousels", "Carousels at once: seconds of a run", "posts at once", _TIMES),
    Series("accounts", "Accounts at once: seconds of a run", "accounts, a photo each", _TIMES),
    Series(
        "groups",
        "A session of many groups: milliseconds",
        "groups in the session",
        (
            Line("list", "listMs", _OURS),
            Line("status", "statusMs", _THIRD),
            Line("start", "startMs", _OTHER),
        ),
        tens=True,
    ),
)


_PLOTTED_SET: Final = "uniform"
_CURVES: Final = {
    "optimum": "the best there is, who knows the distribution",
    "ours": "ours, at prices of a look from 0.05 to 80 s",
}
_RIGHT: Final = (7, -3)
_PEOPLE: Final[Mapping[str, tuple[str, tuple[int, int]]]] = {
    "5, 10, 20, then 30 s, one item after another": ("5, 10, 20, then 30 s", (7, -11)),
    "5 s, at most 60 looks": ("5 s", _RIGHT),
    "10 s": ("10 s", _RIGHT),
    "20 s": ("20 s", _RIGHT),
    "60 s, as Instagram's guide says": ("60 s", _RIGHT),
    "5 s, each wait half as long again, up to 60 s": ("5 s, half as long again", _RIGHT),
}
"""What a point is called, and where: beside it, so that no two meet."""
_LOG_TICKS: Final = (1, 2, 5, 10, 20)
_PLOTTED_SECONDS: Final = 140.0


def plots() -> dict[str, Callable[[], str]]:
    """The name of each plot whose results are there, and what draws it."""
    found: dict[str, Callable[[], str]] = {}
    if cold := results("cold"):
        found["cold-starts"] = partial(cold_starts, cold)
    if costs := results("costs"):
        found["polling"] = partial(polling, costs)
    if pacing := results("pacing"):
        found["pacing"] = partial(looks_and_lateness, pacing)
        found["pacing-rule"] = looks_planned
    if growth := results("growth"):
        for series in SERIES:
            if series.name in growth:
                found[f"growth-{series.name}"] = partial(grown, series, growth[series.name])
    return found


def results(name: str) -> Results | None:
    """The committed results of that name, if there are any."""
    path = COMMITTED / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def cold_starts(cold: Results) -> str:
    """Bars of all functions in two groups, each with its limit."""
    groups = (
        ("Functions that call Instagram", True, promises.GRAPH_RATIO),
        ("Functions that do not", False, promises.OTHER_RATIO),
    )
    rows = [
        {n: row["ratio"] for n, row in slowest_first(cold).items() if row["calls_graph"] == calls}
        for _, calls, _ in groups
    ]

    def draw(figure: Figure) -> None:
        heights = [len(one) + 1 for one in rows]
        panels = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        for axes, (title, _, limit), ratios in zip(panels, groups, rows, strict=True):
            _against(axes, ratios, limit)
            axes.set_title(title, pad=20)
        panels[1].set_xlabel("times the start of boto3 with one client")

    return _svg(draw, _WIDE, _ROW * (sum(map(len, rows))) + 2.1)


def polling(costs: Results) -> str:
    """Bars of what a thousand posts of each kind cost with each kind of polling."""
    posts = costs["posts"]
    kinds = list(posts[costs_page.OURS])
    ways = {costs_page.OURS: _OURS, **dict(zip(costs_page.INSTEAD, (_OTHER, _THIRD), strict=True))}

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, (way, colour) in enumerate(ways.items()):
            usd = [1000 * costs_page.post_usd(posts[way][kind]) for kind in kinds]
            places = [place * (len(ways) + 1) + number for place in range(len(kinds))]
            bars = axes.barh(places, usd, height=0.9, color=colour, label=way)
            axes.bar_label(bars, [f"{one:.2f}" for one in usd], padding=4, fontsize=9.5)
        axes.set_yticks([place * (len(ways) + 1) + 1 for place in range(len(kinds))], kinds)
        axes.invert_yaxis()
        axes.margins(x=0.12, y=0.02)
        axes.set_title("Dollars for a thousand posts")
        axes.legend(loc="upper right")
        _bare(axes)

    return _svg(draw, _WIDE, 0.2 * (len(ways) + 1) * len(kinds) + 0.7)


def looks_and_lateness(pacing: Results) -> str:
    """What each policy takes of looks and of time, on Reels of a distribution that is not known."""
    of_set = pacing["sets"][_PLOTTED_SET]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, colour in (("optimum", _THIRD), ("ours", _OURS)):
            points = sorted((one["looks"], one["late"]) for one in of_set[name])
            looks, late = zip(*points, strict=True)
            axes.plot(looks, late, color=colour, marker="o", markersize=3, label=_CURVES[name])
        for name, one in of_set["people"].items():
            axes.plot(one["looks"], one["late"], color=_OTHER, marker="s", linestyle="")
            words, place = _PEOPLE[name]
            axes.annotate(
                words,
                (one["looks"], one["late"]),
                place,
                textcoords="offset points",
                fontsize=9,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(1, 40)
        axes.set_ylim(1, 80)
        axes.set_xticks(_LOG_TICKS, map(str, _LOG_TICKS))
        axes.set_yticks([*_LOG_TICKS, 50], map(str, [*_LOG_TICKS, 50]))
        axes.minorticks_off()
        axes.grid(color=_FAINT, linewidth=0.6)
        axes.set_title("A Reel that is ready after 20 to 120 s")
        axes.set_xlabel("looks, in the mean")
        axes.set_ylabel("seconds late, in the mean")
        axes.legend(loc="upper right", fontsize=9.5)

    return _svg(draw, _WIDE, 4.0)


def looks_planned() -> str:
    """When a video is looked at whose account has seen two kinds of times."""
    from bench.pacing import Part, looks_of_unready, seen
    from bench.traces import Trace

    part = Part("video", Trace(megabytes=40.0, seconds=45.0, ready=_PLOTTED_SECONDS))
    known = seen("two_humps")
    expectation = known.of("video")
    expected = expectation.seconds(part.traits)
    times = [float(second) for second in range(int(_PLOTTED_SECONDS) + 1)]
    ready = [100 * expectation.ready_by(time / expected) for time in times]
    looks = looks_of_unready(part, known)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(times, ready, color=_OURS, label="ready by then, as far as is known")
        for number, look in enumerate(looks):
            label = "looks, while it is not ready" if not number else None
            axes.axvline(look, color=_OTHER, linewidth=1.2, linestyle=(0, (4, 2)), label=label)
        axes.set_ylim(0, 100)
        axes.set_xlim(0, _PLOTTED_SECONDS)
        axes.set_title("Percent of an account's videos")
        axes.set_xlabel("seconds after the creation of the container")
        axes.grid(axis="y", color=_FAINT, linewidth=0.6)
        legend = axes.legend(loc="lower right", fontsize=9.5, frameon=True, framealpha=1)
        legend.get_frame().set_edgecolor(_FAINT)

    return _svg(draw, _WIDE, 3.4)


def grown(series: Series, points: Sequence[Mapping[str, float]]) -> str:
    """Lines of one series, each named at its end."""
    across = [point["x"] for point in points]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for line in series.lines:
            values = [point[line.key] for point in points]
            axes.plot(across, values, color=line.colour, marker="o", markersize=4, label=line.name)
        if series.tens:
            axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.margins(y=0.15)
        ticks = [x for x in across if series.tens or x >= across[-1] * _TOO_CLOSE]
        axes.set_xticks(ticks, [f"{x:,}" for x in ticks])
        axes.minorticks_off()
        axes.grid(axis="y", color=_FAINT, linewidth=0.6)
        axes.set_title(series.title)
        axes.set_xlabel(series.across)
        axes.legend(loc="best", fontsize=9.5)

    return _svg(draw, _SMALL, 2.9)


def slowest_first(cold: Results) -> dict[str, Any]:
    """The functions that call Instagram and then the others, by their ratio."""
    rows = sorted(cold["functions"].items())
    rows.sort(key=lambda item: (-item[1]["calls_graph"], -item[1]["ratio"]))
    return dict(rows)


def _against(axes: Axes, ratios: Mapping[str, float], limit: float) -> None:
    """Bars with a line at what they may be at most, and at the baseline."""
    values = list(ratios.values())
    colours = [_OURS if value <= limit else _ABOVE for value in values]
    axes.barh(list(ratios), values, height=_BAR, color=colours)
    for row, value in enumerate(values):
        axes.text(0.06, row, f"{value:.2f}", fontsize=9.5, color="white", va="center_baseline")
    axes.invert_yaxis()
    axes.margins(x=0.05, y=0.02)
    for place, words in ((1.0, "boto3 is 1"), (limit, f"at most {limit:g}")):
        axes.axvline(place, color=_INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.annotate(
            words,
            (place, 1),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=9.5,
            horizontalalignment="center",
        )
    _bare(axes)


def _bare(axes: Axes) -> None:
    """Bars with their numbers need no scale below."""
    axes.tick_params(axis="x", labelbottom=False)
    axes.spines["bottom"].set_visible(False)


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    # On a machine's first time it looks for fonts, and after five seconds says so.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib import rc_context, rcdefaults, rcParams
    from matplotlib.figure import Figure

    written = io.StringIO()
    with rc_context():
        rcdefaults()  # whatever a user has set for plots of their own
        rcParams.update(_STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", metadata=metadata)
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())
