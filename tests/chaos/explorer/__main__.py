"""Play every pair: `python -m tests.chaos.explorer`; prints orders and violations."""

from __future__ import annotations

import argparse
import sys
import time

from tests.chaos.explorer.orders import Bounds, Found, explore
from tests.chaos.explorer.plays import pairs, twins
from tests.chaos.explorer.stage import Stage


def main() -> int:
    """Returns 1 when something was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.explorer", description=__doc__)
    parser.add_argument("--switches", type=int, default=1)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    bounds = Bounds(options.switches, options.kills, 1, options.times)
    total, began = Found(), time.monotonic()
    for play in [*pairs(), *twins()]:
        if options.only not in play.name:
            continue
        found = explore(Stage, play.play, bounds)
        total.add(found)
        if found.violations:
            print(f"{play.name}: {len(found.violations)} of {found.orders}")
            print(found.violations[0])
            options.show -= 1
            if options.show <= 0:
                break
    print(
        f"{total.orders} orders, {total.cut} cut, {len(total.violations)} violations, {time.monotonic() - began:.1f} s"
    )
    return 1 if total.violations else 0


if __name__ == "__main__":
    sys.exit(main())
