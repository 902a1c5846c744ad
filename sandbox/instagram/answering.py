"""Letting a call take effect, and its answer: who may make it, and which part of Instagram does it.

Every refusal becomes an answer here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.instagram import errors
from sandbox.instagram.calls import GraphCall
from sandbox.instagram.dispatch import Dispatch
from sandbox.instagram.errors import GraphError, PlainRefusalError
from sandbox.instagram.faults import PLAIN, Twist
from sandbox.instagram.hosts import GRAPH_FACEBOOK, GRAPH_INSTAGRAM, UPLOAD
from sandbox.instagram.misbehaving import Outcome
from sandbox.instagram.scopes import PERSON_CALLS, needed_for, needed_to_change

if TYPE_CHECKING:
    from sandbox.instagram.simulator import Access, SimulatedInstagram


def answer(instagram: SimulatedInstagram, call: GraphCall, twist: Twist = PLAIN) -> Outcome:
    """The answer of a call that has taken effect, or was refused."""
    access, headers = None, {}
    status = 200
    refusal: tuple[int, int | None] | None = None
    try:
        without_access = _outside_of_graph(instagram, call)
        if without_access is not None:
            body = without_access()
        else:
            name = call.name(instagram.read_as)
            access = instagram.open(call.token, call.host, name, call.named)
            instagram.count_call(access)
            instagram.require_permission(access, name, _scopes(instagram, call, name))
            body = _body(instagram, access, name, call, twist)
    except PlainRefusalError as error:
        refusal, status, body = (error.status, None), error.status, error.body()
    except GraphError as error:
        refusal, status = (error.row.code, error.row.subcode), error.row.status
        body = instagram.error_body(error)
    if access is not None:
        headers = instagram.usage_headers(access)
    return Outcome(status, json.dumps(body, separators=(",", ":")), headers, refusal)


def _outside_of_graph(
    instagram: SimulatedInstagram, call: GraphCall
) -> Callable[[], dict[str, Any]] | None:
    """What answers a call for tokens or an upload; raises GraphError where nothing does."""
    if call.problem is not None:
        raise call.problem
    if call.host == UPLOAD:
        return partial(instagram.uploads.take, call)
    call.address.require_version()
    for login in (instagram.oauth, instagram.facebook_login):
        endpoint = login.endpoint(call.method, call.address)
        if endpoint is not None:
            return partial(login.call, endpoint, call)
    if call.host not in (GRAPH_INSTAGRAM, GRAPH_FACEBOOK):
        raise GraphError(errors.UNKNOWN_PATH)
    return None


def _body(
    instagram: SimulatedInstagram, access: Access, name: str | None, call: GraphCall, twist: Twist
) -> dict[str, Any]:
    if name in PERSON_CALLS:
        return instagram.facebook.answer(access.token, call)
    if access.profile is None:
        raise GraphError(errors.NO_SUCH_OBJECT)
    return Dispatch(instagram, access.profile, call, twist).answer()


def _scopes(instagram: SimulatedInstagram, call: GraphCall, name: str | None) -> tuple[str, ...]:
    if call.method in ("POST", "DELETE") and len(call.segments) == 1:
        is_media = instagram.media_exists(call.segments[0])
        return needed_to_change(call.host, is_deleting_media=is_media and call.method == "DELETE")
    return needed_for(name, call.host)
