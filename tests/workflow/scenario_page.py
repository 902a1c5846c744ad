"""`docs/scenarios.md`, written from the table of scenarios; `docs.generate` writes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.workflow.test_scenarios import SCENARIOS, Scenario

_HEAD = """# Scenarios

Whole runs of the real state machine file, with the real functions, against the simulated Instagram,
as `make test` runs them. Each row is a test that also checks every state that was entered, in
order, the message that is kept, and that the table and what is live agree. This page is written
from [test_scenarios.py](../tests/workflow/test_scenarios.py) by `make docs`.

*States* counts the states that a run enters, *publishes* the calls that could make a post.
`unconfirmed` is a group of which nobody knows yet whether it is live.

"""

_TAIL = """
Beside these, each known error of Instagram goes through a run of its own ([errors](errors.md),
[test_error_rows.py](../tests/workflow/test_error_rows.py)), bad input has
[test_bad_input.py](../tests/workflow/test_bad_input.py), and carousels above ten items have
[test_carousel_cap.py](../tests/workflow/test_carousel_cap.py).
"""


def page() -> str:
    """The whole page."""
    return _HEAD + _counts() + "\n" + "".join(f"{line}\n" for line in _table()) + _TAIL


def _counts() -> str:
    ends = Counter(scenario.group for scenario in SCENARIOS)
    counted = ", ".join(f"{count} end {group}" for group, count in ends.most_common())
    return f"{len(SCENARIOS)} scenarios: {counted}.\n"


def _table() -> Iterator[str]:
    yield "| Scenario | Items | States | Publishes | Group afterwards | Error |"
    yield "|---|--:|--:|--:|---|---|"
    for scenario in SCENARIOS:
        yield _row(scenario)


def _row(scenario: Scenario) -> str:
    cells = (
        scenario.name[0].upper() + scenario.name[1:],
        str(len(scenario.shots)),
        str(len(scenario.visits)),
        str(scenario.sends),
        scenario.group,
        f"`{scenario.error}`" if scenario.error else "",
    )
    return f"| {' | '.join(cells)} |"
