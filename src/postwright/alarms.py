"""Events for whoever runs Postwright, on the default bus of EventBridge.

A rule on `{"source": ["postwright"]}` leads them to mail, chat or a pager. They hold no secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from postwright.aws import Connected, new_client

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE: Final = "postwright"


class AlarmNotSentError(Exception):
    """EventBridge did not take an event; whoever raised the alarm must fail where it is seen."""


class Alarms(Connected["EventBridgeClient"]):
    """Sends events."""

    def __init__(self, client: EventBridgeClient | None = None) -> None:
        super().__init__(client, lambda: new_client("events"))

    def send(self, kind: str, detail: Mapping[str, Any]) -> None:
        """Send one event; raises AlarmNotSentError where EventBridge says that it was not taken.

        A repeat sends it again.
        """
        answer = self._client.put_events(
            Entries=[{"Source": SOURCE, "DetailType": kind, "Detail": json.dumps(detail)}]
        )
        if answer.get("FailedEntryCount"):
            raise AlarmNotSentError(f"EventBridge did not take an event of the kind {kind!r}.")
