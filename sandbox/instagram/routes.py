"""HTTP: a call comes in, what the scripts have for it happens, it is logged and answered."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.calls import Call
from sandbox.instagram import consent, control, pages, wire
from sandbox.instagram.answering import answer
from sandbox.instagram.calls import GraphCall, read_call
from sandbox.instagram.errors import GraphError
from sandbox.instagram.faults import Fault, Happening
from sandbox.instagram.misbehaving import JSON, Faulty, Outcome, let_pass
from sandbox.instagram.redaction import redact
from sandbox.instagram.request_log import Entry, clean_parameters

if TYPE_CHECKING:
    from sandbox.instagram.simulator import SimulatedInstagram


def application(instagram: SimulatedInstagram) -> ASGIApp:
    """Everything under one origin; what no other route takes is a Graph call."""
    app = Starlette(
        routes=[
            *control.routes(instagram),
            *pages.routes(instagram),
            *consent.routes(instagram.oauth, consent.INSTAGRAM_PATHS),
            *consent.routes(instagram.facebook_login, consent.FACEBOOK_PATHS),
            Route("/{path:path}", GraphEndpoint(instagram)),
        ]
    )
    return wire.Wire(app)


class GraphEndpoint:
    """ASGI application for all Graph calls.

    GET is answered on the event loop, it only reads memory; POST and DELETE may fetch media or
    write to disk and get a thread.
    """

    def __init__(self, instagram: SimulatedInstagram) -> None:
        self._instagram = instagram

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            call = await read_call(Request(scope, receive), self._instagram.new_file)
        except ClientDisconnect:
            return
        line = wire.Line(scope, receive, send)
        with self._instagram.clock.busy():
            outcome = await self._passed(call, line)
        if outcome is not None:
            headers = {"Content-Type": JSON} | outcome.headers
            body = outcome.body.encode("utf-8", "replace")  # half a surrogate pair may be scripted
            await Response(body, outcome.status, headers)(scope, receive, send)

    async def _passed(self, call: GraphCall, line: wire.Line) -> Outcome | None:
        """The outcome of a call whose process may be killed, or execution stopped, meanwhile."""
        name = call.name(self._instagram.read_as)
        passing = self._instagram.enter(name, call.path, call.parameters.values, call.trace)
        if passing.fault is not None:
            await run_in_threadpool(passing.before)
        if passing.does == "kill_before":
            call.discard()
            self._log(call, None, None, passing)
            passing.end("killed without effect")
            await line.reset()
            return None
        outcome = await self._outcome(call, line, self._happening(name, call), passing)
        if passing.fault is not None:
            await run_in_threadpool(passing.after)
        if passing.does == "kill_after":
            if outcome is not None:
                passing.end(f"killed after {outcome.status}")
                await line.reset()
            return None
        return outcome

    async def _outcome(
        self, call: GraphCall, line: wire.Line, happening: Happening | None, passing: Call
    ) -> Outcome | None:
        """The answer, logged; None when the connection was spoiled instead."""
        latency = self._instagram.latency_of(
            call.name(self._instagram.read_as), call.path, call.parameters.values
        )
        await let_pass(self._instagram.clock, latency)
        if happening is None:
            in_thread = call.method in ("POST", "DELETE")
            outcome = (
                await run_in_threadpool(answer, self._instagram, call)
                if in_thread
                else answer(self._instagram, call)
            )
            self._log(call, outcome, None, passing)
            return outcome
        fault = happening.fault
        if fault.throttle_minutes:
            self._throttle(call, fault)
        if fault.takes_effect == "never":
            call.discard()
        effect = partial(answer, self._instagram, call, fault.twist)
        faulty = Faulty(self._instagram, line, fault, effect)
        answered = await faulty.answer()
        self._log(call, answered, happening.number, passing)
        if answered is None:
            await faulty.spoil()
        return answered

    def _happening(self, name: str | None, call: GraphCall) -> Happening | None:
        return self._instagram.fault_for(name, call.path, call.parameters.values)

    def _throttle(self, call: GraphCall, fault: Fault) -> None:
        with suppress(GraphError):  # a token that opens nothing has no calls to limit
            name = call.name(self._instagram.read_as)
            access = self._instagram.open(call.token, call.host, name, call.named)
            self._instagram.throttle(access, fault.throttle_minutes, fault.throttle_code)

    def _log(
        self, call: GraphCall, outcome: Outcome | None, fault: int | None, passing: Call
    ) -> None:
        passing.end(_told(outcome))
        self._instagram.log.add(
            Entry(
                at=self._instagram.clock.now(),
                method=call.method,
                path=redact(call.path),
                parameters=clean_parameters(call.parameters.values),
                status=outcome.status if outcome is not None else None,
                error=outcome.error if outcome is not None else None,
                user_agent=redact(call.user_agent),
                auth=call.auth,
                fault=fault,
                function=passing.function,
                request_id=passing.request_id,
            )
        )


def _told(outcome: Outcome | None) -> str:
    """What the log of all calls says of an answer."""
    if outcome is None:
        return "no answer"
    code, subcode = outcome.error or (None, None)
    return str(outcome.status) if code is None else f"{outcome.status} {code}/{subcode or '-'}"
