"""A sandbox with room for many posts and many accounts, in a process of its own.

`python -m bench.crowd --accounts 100` is `postwright sandbox serve` with higher limits: what an
account may do in a day, and how many accounts there are. It prints the same line when it is ready.
"""

from __future__ import annotations

import argparse
from typing import Any, Final, cast

from sandbox.clock import speed_from
from sandbox.instagram import world
from sandbox.instagram.accounts import DEMO_ACCOUNT, Account
from sandbox.server import SandboxOptions, serve

MANY: Final = 1_000_000
SETTINGS: Final = {
    "POSTWRIGHT_CALLS_PER_HOUR": str(MANY),
    "POSTWRIGHT_CONTAINERS_PER_DAY": str(MANY),
    "POSTWRIGHT_CAROUSEL_MAX": "20",
}
NO_LIMITS: Final = {
    "quota_total": MANY,
    "container_cap": MANY,
    "calls_per_hour": MANY,
    "carousel_max": 20,
}
"""The same for the simulated Instagram, by its `/_control/config`."""


def accounts(number: int) -> list[tuple[str, Account]]:
    """So many accounts with their names in our records, the first of which is `default`."""
    others = [(f"account-{place}", _account(place)) for place in range(1, number)]
    return [("default", DEMO_ACCOUNT), *others]


def _account(place: int) -> Account:
    return Account(
        user_id=f"178414001{place:08}",
        app_scoped_id=f"242424001{place:08}",
        username=f"postwright.crowd.{place}",
        name=f"Account {place}",
        biography="One of many.",
        token=f"IGAASandboxCrowdAccessTokenThatOpensNothing{place:05}",
        page_token=f"EAABSandboxCrowdPageTokenThatOpensNothing{place:05}",
        page_id=f"1000001{place:08}",
        page_name=f"Page {place}",
    )


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--speed", type=speed_from, default=1.0)
    options = parser.parse_args()
    cast(Any, world).ACCOUNTS = tuple(account for _, account in accounts(options.accounts))
    serve(
        SandboxOptions(*(0, 0, 0), speed=options.speed, empty=True, settings=SETTINGS),
        as_json=True,
    )


if __name__ == "__main__":
    main()
