"""Play the protocol's code in every order of events within bounds.

`python -m tests.chaos.explorer` prints how many orders were tried and what was violated; with
`--conditions`, what goes wrong when a condition of the protocol is taken away. The exit code is 1
when something is violated, or when nothing goes wrong without a condition and nobody says why.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.explorer.conditions import EVERY_REMOVAL, Row, by_key, try_without
from tests.chaos.explorer.orders import Bounds, explore
from tests.chaos.explorer.stage import Stage
from tests.chaos.explorer.stories import every_play


def main() -> int:
    options = _options()
    logging.disable()  # what the library warns of is expected here
    began = time.monotonic()
    report: dict[str, Any]
    if options.conditions:
        rows = _conditions(options.orders or 1)
        report = {"conditions": rows, "orders": sum(row["orders"] for row in rows)}
        bad = [row for row in rows if not (row["violation"] or row["guards"])]
    else:
        bounds = Bounds(options.switches, options.kills, 1, options.times, options.settles)
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
    parser.add_argument(
        "--settles",
        type=int,
        default=0,
        help="how often time passes to when an attempt counts as settled",
    )
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
    return {
        "bounds": asdict(bounds),
        "chosen": orders,
        "plays": len(names),
        "orders": tried,
        "violations": violations,
    }


def _one(bounds: Bounds, orders: int | None, name: str) -> tuple[int, list[str]]:
    play = next(play for play in every_play() if play.name == name)
    seed = None if orders is None else name
    found = explore(Stage, play.play, bounds, orders=orders, seed=seed)
    return found.orders, [f"{name}: {violation}" for violation in found.violations]


def _conditions(rounds: int) -> list[dict[str, Any]]:
    rows = []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        keys = [removal.key for removal in EVERY_REMOVAL]
        for row in pool.imap(partial(_without, rounds), keys):
            rows.append(asdict(row))
            _say(f"{row.orders:7,}  {row.where}: {row.condition}: {row.outcome}")
    alone = sum(row["violation"] is not None and not row["together"] for row in rows)
    covered = sum(bool(row["together"]) for row in rows)
    tried = sum(row["orders"] for row in rows)
    _say(
        f"{len(rows)} conditions, {tried:,} orders: {alone} are needed by themselves, {covered} are"
        f" covered by others, {len(rows) - alone - covered} are not missed"
    )
    return rows


def _without(rounds: int, key: str) -> Row:
    return try_without(by_key(key), rounds)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
