"""Our functions as a control: they ask Instagram for anything at any time."""

from __future__ import annotations

from typing import Any, cast

import lambdas
from postwright.app import App
from postwright.budgets import Budgets, Taken
from postwright.instagram import Quota
from postwright.models import Ref

__path__ = lambdas.__path__


class _NoBudgets(Budgets):
    """Everything is allowed, and nothing is remembered."""

    def take_calls(self, account_id: str, calls: int, *_: Any, **__: Any) -> Taken:
        return Taken(self._store.ledger(account_id), calls)

    def take_container(self, ref: Ref) -> Taken:
        return Taken(self._store.ledger(ref.account_id), 1)

    def hold_slot(self, *_: Any) -> Quota:
        return Quota(0, 100, 86_400)

    def heard(self, *_: Any) -> None:
        pass

    def refused(self, *_: Any) -> None:
        pass

    def asks_again_in(self, *_: Any) -> int:
        return 0

    def throttled_seconds(self, *_: Any) -> int:
        return 0


cast(Any, App).budgets = property(lambda app: _NoBudgets(app.store, app.executions, app.settings))
