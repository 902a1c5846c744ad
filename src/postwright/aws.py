"""How clients of AWS are made: when one is first needed, one at a time, and all by one session.

It is botocore's. boto3's would bring resources and transfers, which no function uses, and 12 ms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import botocore.session
from botocore.loaders import Loader

if TYPE_CHECKING:
    from botocore.config import Config

C = TypeVar("C")

DESCRIPTIONS: Final = Path(__file__).with_name("aws_descriptions")
"""Descriptions of the calls that the library makes; `sandbox/aws_descriptions.py` writes them."""
_one_at_a_time: Final = RLock()
"""Threads must not use a session at the same time.
Source: boto3 guide, "Session", multithreading, read 2026-11."""


def new_client(service: str, config: Config | None = None) -> Any:
    """A client of a service for the calls that the library makes, on the AWS that the environment
    variables lead to.
    """
    return session().create_client(service, config=config)


@cache
def session() -> botocore.session.Session:
    """Its clients know only the calls that the library makes, and are made quickly because they do;
    everything else they take from botocore as any client.
    """
    made = botocore.session.get_session()
    made.register_component("data_loader", _OurServices([str(DESCRIPTIONS)]))
    return made


class _OurServices(Loader):
    """Finds what is described here first, and everything else where botocore has it."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002  botocore's
        """Of these alone: botocore looks into 400 folders, for each kind of description, to know
        that a service is there.
        """
        return sorted(folder.name for folder in DESCRIPTIONS.iterdir())


class Connected(Generic[C]):
    """What works with a resource of AWS through one client.

    Without a client one is made when it is first needed, which in many processes is never: it takes
    some 10 ms of the start of a function, and the first of a process 30.
    """

    def __init__(self, client: C | None, make: Callable[[], C]) -> None:
        self._made = client
        self._make = make

    @property
    def _client(self) -> C:
        with _one_at_a_time:
            if self._made is None:
                self._made = self._make()
            return self._made

    def connect_now(self) -> None:
        """Make the client before it is needed, as for a process of which there will be copies."""
        _ = self._client
