"""Play the protocol's code in every order of events within bounds.

`python -m tests.chaos.explorer` prints how many orders were tried and what was violated; with
`--conditions`, what goes wrong when one condition of the protocol is taken away. The exit code is 1
when something is not as it must be.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.explorer.conditions import every_removal, try_without
from tests.chaos.explorer.orders import Bounds, explore
from tests.chaos.explorer.plays import every_play
from tests.chaos.explorer.stage import Stage


def main() -> int:
    options = _options()
    began = time.monotonic()
    report: dict[str, Any]
    if options.conditions:
        report = {"conditions": _conditions(options.orders or 4)}
        bad = [row["condition"] for row in report["conditions"] if row["violation"] is None]
    else:
        bounds = Bounds(options.switches, options.kills, 1, options.times)
        report = _explore(bounds, options.orders, options.only)
        bad = report["violations"]
    report["seconds"] = round(time.monotonic() - began, 1)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _say(f"{report['seconds']} s")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.explorer", description=__doc__)
    parser.add_argument("--switches", type=int, default=1, help="of turns, unless an actor ends")
    parser.add_argument("--kills", type=int, default=1, help="deaths right after a call")
    parser.add_argument("--times", type=int, default=1, help="how often time passes")
    parser.add_argument("--orders", type=int, help="of each play, by chance, instead of all")
    parser.add_argument("--only", default="", help="plays with this in their name")
    parser.add_argument("--conditions", action="store_true", help="take away each condition")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def _explore(bounds: Bounds, orders: int | None, only: str) -> dict[str, Any]:
    names = [play.name for play in every_play() if only in play.name]
    tried, violations = 0, list[str]()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for count, found in pool.imap_unordered(partial(_one, bounds, orders), names):
            tried += count
            violations += found
            for text in found[:1]:
                _say(text)
    _say(f"{len(names)} plays, {tried:,} orders, {len(violations)} violations")
    return {"plays": len(names), "orders": tried, "violations": violations}


def _one(bounds: Bounds, orders: int | None, name: str) -> tuple[int, list[str]]:
    play = next(play for play in every_play() if play.name == name)
    seed = None if orders is None else 1
    found = explore(Stage, play.play, bounds, orders=orders, seed=seed)
    return found.orders, [f"{name}: {violation}" for violation in found.violations]


def _conditions(rounds: int) -> list[dict[str, Any]]:
    with multiprocessing.Pool(os.cpu_count()) as pool:
        names = range(len(every_removal()))
        rows = []
        for row in pool.imap(partial(_without, rounds), names):
            rows.append(row)
            _say(f"{row['orders']:6,}  {row['condition'][:100]}: {row['violation'] or 'nothing'}")
    return rows


def _without(rounds: int, number: int) -> dict[str, Any]:
    line = try_without(every_removal()[number], every_play(), rounds)
    return {"condition": line.name, "orders": line.orders, "violation": line.what}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
