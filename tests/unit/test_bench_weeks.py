"""Three accounts that have more to publish than they may: nothing is refused, and no slot is lost.

The long form, and the same without slots and without budgets, is `python -m bench.weeks`.
"""

from __future__ import annotations

import pytest

from bench.weeks import Totals, run

pytestmark = pytest.mark.engine


def test_with_more_to_publish_than_there_are_slots_none_is_lost_and_nothing_is_refused() -> None:
    outcome = run(Totals(days=1.15, posts=2, containers=9, waiting=2))

    assert (outcome.published, dict(outcome.refused), dict(outcome.failed)) == (12, {}, {})
    assert outcome.used >= 0.98
