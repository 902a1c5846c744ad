"""A made-up run that failed, for the picture in the documents: an unclear publish was looked into
until the token ended, and a redrive that came before there was a new one failed again.
"""

from __future__ import annotations

import json
from typing import Any

from postwright import history
from statemachine import path, picture
from tests.history_tape import Tape

_ITEMS, _POLLS, _LOOKS = 4, 3, 2


def events() -> list[dict[str, Any]]:
    """The run's history, as GetExecutionHistory tells it."""
    tape = Tape()
    tape.task("LoadPost")
    tape.choice("HowToBegin")
    tape.task("CheckQuota")
    tape.choice("HasQuota")
    started = tape.map_of("CreateContainers", _ITEMS)
    for index in range(_ITEMS):
        tape.iterate("CreateContainers", index, after=started)
        tape.task("CreateContainer")
    tape.exit("CreateContainers", "Map")
    for _ in range(_POLLS):
        _poll(tape)
    tape.task("CreateCarousel")
    _poll(tape)
    tape.enter("Publish")
    tape.schedule()
    tape.fail("PublishUncertainError")
    tape.exit("Publish")
    for _ in range(_LOOKS):
        tape.wait("WaitBeforeReconcile", 30)
        tape.task("ReconcilePublish")
        tape.choice("WhatIsTrue")
    tape.wait("WaitBeforeReconcile", 30)
    entered = tape.enter("ReconcilePublish")
    _fail_for_the_token(tape, entered)
    tape.redrive()
    _fail_for_the_token(tape, entered)
    return tape.events


def drawn() -> str:
    """The picture of its path."""
    definition = json.loads(picture.DEFINITION.read_text(encoding="utf-8"))
    return path.draw(definition, history.read(events()))


def _poll(tape: Tape) -> None:
    tape.wait("WaitForContainers", 10)
    tape.task("CheckStatus")
    tape.choice("WhatNext")


def _fail_for_the_token(tape: Tape, entered: int) -> None:
    tape.schedule(after=entered)
    tape.fail("TokenInvalidError")
    tape.end_failed("TokenInvalidError")
