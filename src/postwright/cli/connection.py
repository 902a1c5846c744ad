"""Which AWS the commands talk to: a deployed stack that is named, or a sandbox, to which a loopback
AWS_ENDPOINT_URL alone leads.
"""

from __future__ import annotations

import os
import ssl
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer
from pydantic import ValidationError

from postwright import clock
from postwright.app import App
from postwright.cli import stacks
from postwright.cli.console import UsageError
from postwright.settings import Settings

Stack = Annotated[
    str | None,
    typer.Option(
        "--stack",
        envvar="POSTWRIGHT_STACK",
        help="The deployed stack to work on, in the AWS account and region at hand.",
    ),
]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SANDBOX_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "no_proxy": "*",
}
_HOW = (
    "Start a sandbox with `postwright sandbox serve` and set AWS_ENDPOINT_URL to the AWS address"
    " that it prints, for example AWS_ENDPOINT_URL=http://127.0.0.1:8082. For a deployed stack add"
    " --stack NAME."
)


class SandboxClock:
    """The clock of a sandbox in another process, asked for at each use."""

    def __init__(self, endpoint: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/_sandbox"
        # On one machine nothing is encrypted: a context that trusts nobody is made at once.
        trusts_nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(timeout=10, trust_env=False, verify=trusts_nobody)

    def describe(self) -> dict[str, str]:
        """What the sandbox says of itself."""
        answer = self._http.get(self._url)
        answer.raise_for_status()
        found: dict[str, str] = answer.json()
        return found

    def now(self) -> datetime:
        """The sandbox's simulated instant."""
        return clock.from_text(self.describe()["now"])

    def sleep(self, seconds: float) -> None:
        """Real seconds: a command never waits for simulated time."""
        clock.SystemClock().sleep(seconds)

    def monotonic(self) -> float:
        """Real seconds, see `sleep`."""
        return clock.SystemClock().monotonic()

    def wall_seconds(self, seconds: float) -> float:
        """Real seconds: what a command waits for is a real socket."""
        return seconds


def connect(stack: str | None) -> App:
    """The parts, connected to a stack, or without one to a sandbox.

    Raises UsageError when neither is named, or when none answers to the name.
    """
    return _connected(stacks.environment_of(stack)) if stack else _connect_sandbox()


def _connect_sandbox() -> App:
    endpoint = _loopback_endpoint(os.environ.get("AWS_ENDPOINT_URL", ""))
    stay_on_this_machine()
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    remote = SandboxClock(endpoint)
    try:
        found = remote.describe()
        of_sandbox = {
            "POSTWRIGHT_STATE_MACHINE_ARN": found["stateMachineArn"],
            "POSTWRIGHT_GRAPH_URL": found["instagram"],
        }
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"No sandbox answers at {endpoint} ({type(error).__name__}). Start one with"
            " `postwright sandbox serve`, or correct AWS_ENDPOINT_URL."
        ) from error
    clock.use(remote)
    return _connected({**of_sandbox, **os.environ})


def _connected(environment: dict[str, str]) -> App:
    try:
        settings = Settings.from_environment(environment)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors()]
        raise UsageError(f"A setting cannot be used. {'; '.join(wrong)}.") from error
    return App.connect(settings)


def stay_on_this_machine() -> None:
    """Take every trace of a real AWS out of this process, whatever the user's environment holds.

    Profiles, credentials, endpoints of single services and proxies would otherwise lead a client
    elsewhere, or send a sandbox what is secret.
    """
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(_SANDBOX_ENVIRONMENT)


def _loopback_endpoint(endpoint: str) -> str:
    if not endpoint:
        raise UsageError(f"There is no AWS to talk to. {_HOW}")
    try:
        parts = urlsplit(endpoint)
        local = parts.scheme in ("http", "https") and parts.hostname in _LOOPBACK
    except ValueError:
        local = False
    if not local:
        raise UsageError(f"AWS_ENDPOINT_URL={endpoint} is not a sandbox on this machine. {_HOW}")
    return endpoint
