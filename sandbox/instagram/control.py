"""`/_control/`: what Instagram does not have, and a test needs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.instagram.bounds import LONGEST_SECONDS
from sandbox.instagram.config import ConfigError

if TYPE_CHECKING:
    from sandbox.instagram.simulator import SimulatedInstagram

_BODY_LIMIT = 1024 * 1024
_LOOKS_FOR_A_PAUSE, _LOOK_SECONDS = 400, 0.005
"""A call in flight would see its time-out pass; there is a pause soon unless something hangs."""
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_KNOWN = (
    "POST reset, GET posts, GET requests, GET, POST or DELETE faults, GET or POST config, "
    "GET or POST clock"
)


def routes(instagram: SimulatedInstagram) -> list[Route]:
    async def reset(_: Request) -> Response:
        instagram.reset()
        return _answer({"ok": True})

    async def posts(_: Request) -> Response:
        return _answer(instagram.describe_posts())

    async def requests(_: Request) -> Response:
        return _answer(instagram.log.report())

    return [
        Route("/_control/reset", _guarded(reset), methods=["POST"]),
        Route("/_control/posts", _guarded(posts), methods=["GET"]),
        Route("/_control/requests", _guarded(requests), methods=["GET"]),
        *_script_routes(instagram),
        *_setting_routes(instagram),
        Route("/_control/{rest:path}", _unknown, methods=_METHODS),
    ]


def _script_routes(instagram: SimulatedInstagram) -> list[Route]:
    async def show_faults(_: Request) -> Response:
        return _answer({"faults": instagram.describe_faults()})

    async def add_faults(request: Request) -> Response:
        instagram.add_faults(await _object(request))
        return await show_faults(request)

    async def clear_faults(request: Request) -> Response:
        instagram.clear_faults()
        return await show_faults(request)

    return [
        Route("/_control/faults", _guarded(show_faults), methods=["GET"]),
        Route("/_control/faults", _guarded(add_faults), methods=["POST"]),
        Route("/_control/faults", _guarded(clear_faults), methods=["DELETE"]),
    ]


def _setting_routes(instagram: SimulatedInstagram) -> list[Route]:
    async def show_config(_: Request) -> Response:
        return _answer(instagram.describe_config())

    async def change_config(request: Request) -> Response:
        instagram.change_config(await _object(request))
        return _answer(instagram.describe_config())

    async def show_clock(_: Request) -> Response:
        return _answer({"now": _iso(instagram)})

    async def move_clock(request: Request) -> Response:
        seconds = (await _object(request)).get("advance_seconds")
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= LONGEST_SECONDS
        ):
            raise ConfigError("advance_seconds must be a number from 0 to ten years.")
        # A signed URL tells only its second: in a new one, those of before and after can be told
        # apart, and the sandbox's S3 knows which have expired.
        await asyncio.sleep(1.01 - time.time() % 1)
        for _ in range(_LOOKS_FOR_A_PAUSE):
            if instagram.clock.advance_if_idle(seconds):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            instagram.clock.advance(seconds)
        return _answer({"now": _iso(instagram)})

    return [
        Route("/_control/config", _guarded(show_config), methods=["GET"]),
        Route("/_control/config", _guarded(change_config), methods=["POST"]),
        Route("/_control/clock", _guarded(show_clock), methods=["GET"]),
        Route("/_control/clock", _guarded(move_clock), methods=["POST"]),
    ]


Handler = Callable[[Request], Awaitable[Response]]


def _guarded(handler: Handler) -> Handler:
    """A wrong request is answered with one sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ConfigError as error:
            return _answer({"error": str(error)}, 400)

    return answer


async def _unknown(_: Request) -> Response:
    return _answer({"error": f"There is no such control route. Known: {_KNOWN}."}, 404)


def _answer(value: object, status: int = 200) -> Response:
    """JSON in ASCII, which can also carry half a surrogate pair that came in as a caption."""
    return Response(json.dumps(value), status, media_type="application/json")


async def _object(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or len(body) > _BODY_LIMIT:
        raise ConfigError("The body must be a JSON object.")
    return value


def _iso(instagram: SimulatedInstagram) -> str:
    return instagram.clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")
