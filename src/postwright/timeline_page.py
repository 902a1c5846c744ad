"""A timeline as one HTML file that needs nothing else: a waterfall, and its numbers in a table.

No script, no outside resource. Whatever comes out of a history is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from postwright.timeline import Row, Run, Timeline
from postwright.timeline_words import duration

_TICKS: Final = 5
_STEPS: Final = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800),
    *(3_600, 7_200, 14_400, 21_600, 43_200),
)
_DAY: Final = 86_400
_LATE: Final = 92
"""Where, in percent, what is written beside a line or bar must stand to its left."""
_OUTCOMES: Final = {
    "done": "",
    "open": "under way",
    "trouble": "went wrong",
    "failed": "failed",
    "stopped": "cut off",
}
_SPANS: Final = {
    "wait": "a wait",
    "pause": "a pause before a retry",
    "work": "a function at work",
    "bad": "a function whose work came to nothing",
    "map": "all iterations of a Map",
}
_STATUSES: Final = {
    "RUNNING": "running",
    "PENDING_REDRIVE": "about to be redriven",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "ABORTED": "stopped",
}
_MARKS: Final = ("end", "redrive")
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b2430; --soft: #5a6675;
  --line: #dde2e8; --wait: #a9b6c6; --work: #1668b8; --bad: #c22f2f; --redrive: #8a4fbf; }
@media (prefers-color-scheme: dark) { :root { --ground: #12171d; --ink: #e6ebf1; --soft: #9aa7b5;
  --line: #2b333d; --wait: #56657a; --work: #5aa9f0; --bad: #ff7b72; --redrive: #c297f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 1240px; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; }
.soft, .legend, .tick { color: var(--soft); font-size: .85rem; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .5rem 0 1rem;
  list-style: none; }
.legend i { display: inline-block; position: static; width: 1.6rem; height: .7rem;
  margin-right: .4rem; }
.chart { --names: 19rem; position: relative; padding-top: 1.4rem; }
.lines { position: absolute; inset: 0 .5rem 0 var(--names); }
.tick, .redrive { position: absolute; top: 0; bottom: 0; width: 0; white-space: nowrap; }
.tick span { position: absolute; left: .25rem; }
.tick.late span { left: auto; right: .25rem; }
.tick { border-left: 1px solid var(--line); }
.redrive { border-left: 2px dashed var(--redrive); }
.row { position: relative; display: grid; grid-template-columns: var(--names) 1fr;
  align-items: center; min-height: 1.5rem; }
.name { padding-right: .75rem; font-size: .85rem; line-height: 1.2; }
.item .name { padding-left: 1rem; }
.bar { position: relative; height: .9rem; margin-right: .5rem; }
i { position: absolute; top: 0; height: 100%; min-width: 3px; border-radius: 2px;
  forced-color-adjust: none; }
.wait, .pause { border: 1px solid var(--wait);
  background: repeating-linear-gradient(135deg, var(--wait) 0 3px, transparent 3px 6px); }
.pause { border-style: dashed; background: none; }
.before { position: absolute; top: -.2rem; color: var(--soft); font-size: .8rem; }
.work { background: var(--work); z-index: 1; }
.bad { background: var(--bad); z-index: 1; }
.map { border: 1px solid var(--work); }
.cross { position: absolute; top: -.25rem; color: var(--bad); font-weight: 700; }
.redriven .name { color: var(--redrive); }
.ended-badly .name, .failed .what, .trouble .what { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: .87rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0;
  border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
@media (min-width: 701px) { td:nth-child(3) { min-width: 15rem; } }
@media (max-width: 700px) {
  .chart { --names: 0rem; }
  .row { display: block; padding: .15rem 0 .3rem; }
  .name { position: relative; width: fit-content; background: var(--ground);
    padding: .2rem .3rem .1rem 0; }
  .tick:nth-of-type(even) span { display: none; }
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: .4rem 0; }
  td { border: 0; padding: 0; }
  td.number { display: inline-block; margin-right: .8rem; color: var(--soft); }
  td:empty { display: none; }
  td.number::before { content: attr(data-name) " "; }
}
"""


def page(timeline: Timeline, job_id: str) -> str:
    """The whole file."""
    title = f"Job {job_id}: {_STATUSES.get(timeline.status, timeline.status.lower())}"
    began = timeline.began_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    sums = [f"<p>{escape(line)}</p>" for line in timeline.sums()]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            "</head>",
            "<body><main>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="soft">Seconds count from {escape(began)}.</p>',
            *sums,
            *_waterfall(timeline),
            *_table(timeline.rows),
            "</main></body>",
            "</html>",
            "",
        ]
    )


class _Axis:
    """Where an instant lies on the picture, in percent. Pauses between runs are cut out, and so is
    what came before the true start.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self.length = sum(_after_start(run) for run in runs) or 1.0

    def at(self, seconds: float) -> float:
        """The place of an instant."""
        before = 0.0
        for run in self._runs:
            into = seconds - max(run.began, 0.0)
            before += min(max(into, 0.0), _after_start(run))
        return 100 * before / self.length

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Round numbers of seconds that something ran, with their places."""
        step = next((step for step in _STEPS if self.length / step <= _TICKS), None)
        step = step or _DAY * -(-self.length // (_DAY * _TICKS))
        for number in range(int(self.length / step) + 1):
            yield 100 * number * step / self.length, _tick(number * step)


def _after_start(run: Run) -> float:
    return max(run.began + run.lasted, 0.0) - max(run.began, 0.0)


def _tick(seconds: float) -> str:
    if seconds and seconds % 60 == 0:
        return duration(seconds) if seconds >= 600 else f"{seconds / 60:g} min"
    return f"{seconds:g} s" if seconds < 60 else duration(seconds)


def _waterfall(timeline: Timeline) -> Iterator[str]:
    axis = _Axis(timeline.runs)
    used = {span.kind for row in timeline.rows for span in row.spans}
    yield "<h2>Waterfall</h2>"
    yield '<ul class="legend">'
    for kind in (kind for kind in _SPANS if kind in used):
        yield f'<li><i class="{kind}"></i>{_SPANS[kind]}</li>'
    yield "</ul>"
    if len(timeline.runs) > 1:
        yield (
            '<p class="soft">The pauses between the runs are cut out; a dashed line is a redrive.'
            "</p>"
        )
    yield '<div class="chart" role="list">'
    yield '<div class="lines" aria-hidden="true">'
    for place, text in axis.ticks():
        late = " late" if place > _LATE else ""
        yield f'<div class="tick{late}" style="left:{place:.3f}%"><span>{text}</span></div>'
    for run in timeline.runs[1:]:
        yield f'<div class="redrive" style="left:{axis.at(run.began):.3f}%"></div>'
    yield "</div>"
    for row in timeline.rows:
        yield _bar(row, axis)
    yield "</div>"


def _bar(row: Row, axis: _Axis) -> str:
    name = escape(row.label or row.what)
    kinds = [
        "row",
        *(["item"] if row.item else []),
        *(["redriven"] if row.kind == "redrive" else []),
        *(["ended-badly"] if row.kind == "end" and row.outcome == "failed" else []),
    ]
    alternative = escape(_alternative(row))
    return (
        f'<div class="{" ".join(kinds)}" role="listitem"><div class="name">{name}</div>'
        f'<div class="bar" role="img" aria-label="{alternative}">{_spans(row, axis)}</div></div>'
    )


def _spans(row: Row, axis: _Axis) -> str:
    """The stretches of a row; a cross marks what went wrong."""
    if row.kind in _MARKS:
        return ""
    if row.began < 0 and row.began + row.lasted <= 0:
        return '<span class="before">&larr; before the start</span>'
    spans = [
        f'<i class="{span.kind}" style="left:{left:.3f}%;width:{width:.3f}%"></i>'
        for span in row.spans
        for left in [axis.at(span.began)]
        for width in [axis.at(span.began + span.lasted) - left]
    ]
    if row.outcome in ("failed", "trouble"):
        place = axis.at(row.began + row.lasted)
        side = f"left:calc({place:.3f}% + 6px)" if place < _LATE else f"right:{100 - place:.3f}%"
        spans.append(f'<span class="cross" style="{side}">&times;</span>')
    return "".join(spans)


def _alternative(row: Row) -> str:
    """What a bar shows, in words."""
    if row.kind in _MARKS:
        return f"{row.what}, at {duration(row.began)}"
    outcome = _OUTCOMES[row.outcome]
    return (
        f"{row.label}: began at {duration(row.began)}, lasted {duration(row.lasted)}"
        f"{f', {outcome}' if outcome else ''}"
    )


def _table(rows: Sequence[Row]) -> Iterator[str]:
    yield "<h2>In numbers</h2>"
    yield "<table>"
    yield (
        '<thead><tr><th class="number">Began</th><th class="number">Lasted</th>'
        "<th>State</th><th>What happened</th></tr></thead>"
    )
    yield "<tbody>"
    for row in rows:
        lasted = "" if row.kind in _MARKS else duration(row.lasted)
        yield (
            f'<tr class="{row.outcome}">'
            f'<td class="number" data-name="at">{duration(row.began)}</td>'
            f'<td class="number" data-name="for">{lasted}</td>'
            f'<td>{escape(row.label)}</td><td class="what">{escape(row.what)}</td></tr>'
        )
    yield "</tbody></table>"
