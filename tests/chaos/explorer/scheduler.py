"""Calls of our library side by side, one external call at a time, in an order that is chosen.

Each actor is a thread that stops before every external call until it is its turn, so that a run is
the same for the same choices. An actor that is killed ends where it stands: what it called has
taken effect, and it never hears of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_HANDOVER_SECONDS = 20.0


class KilledError(BaseException):
    """The process of an actor ends here; nothing of ours may catch it."""


@dataclass(eq=False)
class Actor:
    """One call of the library, and how far it is; `heard` is all that it has learned so far.

    One that is not `single` makes several calls, each by a function of its own.
    """

    name: str
    work: Callable[[], Any]
    single: bool = True
    waits_for: str | None = None
    heard: list[str] = field(default_factory=list)
    over: bool = False
    killed: bool = False
    outcome: Any = None
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def begun(self) -> bool:
        """Whether anything outside has heard of it."""
        return bool(self.heard)


class Scheduler:
    """Runs actors by turns; `current` is the one whose turn it is."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self._here: dict[int, Actor] = {}
        self._back = threading.Semaphore(0)

    def add(self, name: str, work: Callable[[], Any], *, single: bool = True) -> Actor:
        """An actor that stands before its first external call."""
        actor = Actor(name, work, single)
        self.actors.append(actor)
        thread = threading.Thread(target=self._run, args=(actor,), daemon=True)
        thread.start()
        self._wait_for_turn_to_end()
        return actor

    def go(self, actor: Actor, *, kill: bool = False) -> None:
        """Let an actor make the call that it stands before, and go on to the next one.

        With `kill` the call takes effect and the actor ends.
        """
        actor.killed = kill
        actor._turn.release()
        self._wait_for_turn_to_end()

    def end(self, actor: Actor) -> None:
        """Kill an actor before its next call, which never happens."""
        if not actor.over:
            actor.killed = True
            actor.waits_for = None
            actor._turn.release()
            self._wait_for_turn_to_end()

    def before(self, call: str) -> None:
        """Called by whatever stands for a service, in the thread of the actor."""
        actor = self._here.get(threading.get_ident())
        if actor is None:
            return  # the stage itself, or a helper thread of the library
        actor.waits_for = call
        self._back.release()
        actor._turn.acquire()
        if actor.killed and actor.waits_for is None:
            raise KilledError
        actor.heard.append(call)

    def after(self, answer: object = None) -> None:
        """The call took effect; the answer reaches the actor, unless it is dead."""
        actor = self._here.get(threading.get_ident())
        if actor is None:
            return
        if actor.killed:
            raise KilledError
        actor.heard.append(repr(answer))

    def _run(self, actor: Actor) -> None:
        self._here[threading.get_ident()] = actor
        try:
            actor.outcome = actor.work()
        except KilledError:
            actor.outcome = "killed"
        except Exception as error:  # an actor that fails is an outcome like any other
            actor.outcome = error
        finally:
            del self._here[threading.get_ident()]
            actor.over, actor.waits_for = True, None
            self._back.release()

    def _wait_for_turn_to_end(self) -> None:
        if not self._back.acquire(timeout=_HANDOVER_SECONDS):
            raise RuntimeError("an actor neither came to a call nor ended")
