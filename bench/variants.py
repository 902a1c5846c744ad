"""The state machine with the polling that people would use instead, made from the real file.

Everything but the polling stays as it is, so that a difference in cost is one of the polling.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

State = dict[str, Any]
Definition = dict[str, Any]

WAIT_SECONDS: Final = 5
LOOKS: Final = 60
"""Every five seconds, at most sixty times, as the product was asked for with."""
_REF: Final = ("sessionId", "groupId", "accountId", "jobId")


def loop_per_item(usual: Definition) -> Definition:
    """Each item has a loop of Wait, Look and Choice inside of the Map, and so has the carousel."""
    machine, item = _opened(usual)
    item["CreateContainer"] |= {"Next": "WaitForItem"}
    item["WaitForItem"] = _wait("LookAtItem")
    item["LookAtItem"] = _look(usual, "$", {"index.$": "$.index"}) | {"Next": "IsItemReady"}
    item["IsItemReady"] = _is_ready("ItemReady", "WaitForItem")
    item["ItemReady"] = {"Type": "Succeed"}
    states = machine["States"]
    states["CreateCarousel"] |= {"Next": "WaitForCarousel"}
    states["WaitForCarousel"] = _wait("LookAtCarousel")
    states["LookAtCarousel"] = _look(usual, "$.post", {"key": "parent"}) | {
        "Next": "IsCarouselReady"
    }
    states["IsCarouselReady"] = _is_ready("Publish", "WaitForCarousel")
    return machine


def retry_as_poll(usual: Definition) -> Definition:
    """The look fails until its container is ready, and the state machine tries it again."""
    machine, item = _opened(usual)
    item["CreateContainer"] |= {"Next": "LookAtItem"}
    item["LookAtItem"] = _insisting(_look(usual, "$", {"index.$": "$.index"})) | {"End": True}
    states = machine["States"]
    states["CreateCarousel"] |= {"Next": "LookAtCarousel"}
    states["LookAtCarousel"] = _insisting(_look(usual, "$.post", {"key": "parent"})) | {
        "Next": "Publish"
    }
    return machine


VARIANTS: Final[Mapping[str, Callable[[Definition], Definition]]] = {
    "one loop per post": copy.deepcopy,
    "loop per item": loop_per_item,
    "retry as poll": retry_as_poll,
}
"""By name; the first one is ours."""


def _opened(usual: Definition) -> tuple[Definition, State]:
    """A copy whose Map goes on after a container was made, and leads past our own loop; and the
    states inside of the Map.
    """
    machine = copy.deepcopy(usual)
    states = machine["States"]
    states["CreateContainers"]["Next"] = "IsCarousel"
    several: State = {"Variable": "$.check.pending[1]", "IsPresent": True, "Next": "CreateCarousel"}
    states["IsCarousel"] = {
        "Type": "Choice",
        "Choices": [several],
        "Default": "Publish",
    }
    inside: State = states["CreateContainers"]["ItemProcessor"]["States"]
    del inside["CreateContainer"]["End"]
    inside["CreateContainer"]["ResultPath"] = "$.made"
    return machine, inside


def _wait(then: str) -> State:
    return {"Type": "Wait", "Seconds": WAIT_SECONDS, "Next": then}


def _is_ready(then: str, other: str) -> State:
    rule: State = {"Variable": "$.look.isReady", "BooleanEquals": True, "Next": then}
    return {"Type": "Choice", "Choices": [rule], "Default": other}


def _look(usual: Definition, ref: str, which: Mapping[str, Any]) -> State:
    """As our CheckStatus is, with another function and another answer."""
    like: State = copy.deepcopy(usual["States"]["CheckStatus"])
    arn = str(like["Parameters"]["FunctionName"]).replace("check_status", "look_at_item")
    payload: State = {f"{name}.$": f"{ref}.{name}" for name in _REF}
    payload |= {"redriveCount.$": "$$.Execution.RedriveCount", "mustBeReady": False, **which}
    like["Parameters"] = {"FunctionName": arn, "Payload": payload}
    like |= {"ResultSelector": {"isReady.$": "$.Payload.isReady"}, "ResultPath": "$.look"}
    del like["Next"]
    return like


def _insisting(look: State) -> State:
    """The look as one that fails instead of saying no."""
    again = {
        "ErrorEquals": ["ContainerNotReadyError"],
        "IntervalSeconds": WAIT_SECONDS,
        "MaxAttempts": LOOKS,
        "BackoffRate": 1.0,
    }
    look["Parameters"]["Payload"]["mustBeReady"] = True
    look["Retry"] = [again, *look["Retry"]]
    return look
