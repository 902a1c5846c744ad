"""`postwright sandbox serve`: the simulated Instagram, AWS and the API on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from postwright.cli.connection import stay_on_this_machine
from postwright.cli.console import UsageError
from postwright.settings import Settings

_PORT_MAX = 65_535
_PLACES = {
    "POSTWRIGHT_GRAPH_URL",
    "POSTWRIGHT_TABLE",
    "POSTWRIGHT_BUCKET",
    "POSTWRIGHT_SSM_PREFIX",
    "POSTWRIGHT_STATE_MACHINE_ARN",
}

commands = typer.Typer(
    help="Everything on this machine, without AWS and Instagram.", no_args_is_help=True
)


@commands.callback()
def _group() -> None:
    """Everything on this machine, without AWS and Instagram."""


@commands.command("serve")
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=_PORT_MAX, help="Port of the API; 0 takes any free one.")
    ] = 8080,
    instagram_port: Annotated[
        int, typer.Option(min=0, max=_PORT_MAX, help="Port of the simulated Instagram.")
    ] = 8081,
    aws_port: Annotated[
        int, typer.Option(min=0, max=_PORT_MAX, help="Port of the simulated AWS.")
    ] = 8082,
    speed: Annotated[
        str, typer.Option(help="Simulated seconds per real one, or max to skip all waits.")
    ] = "1",
    graph_url: Annotated[
        str | None,
        typer.Option(help="Where our functions find Instagram, if a proxy stands in front of it."),
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Start without the demo session.")] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Folder in which published posts are kept.")
    ] = None,
    sign_in: Annotated[
        bool,
        typer.Option("--sign-in", help="Page and API want a sign-in, at a page of the sandbox."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON line with the addresses.")
    ] = False,
) -> None:
    """Run the sandbox until Ctrl-C or SIGTERM."""
    stay_on_this_machine()
    try:
        from sandbox.clock import speed_from
        from sandbox.server import SandboxOptions
        from sandbox.server import serve as run
        from sandbox.serving import PortInUseError
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The sandbox needs {error.name}. Install it with: pip install 'postwright[sandbox]'"
        ) from error

    try:
        passes = speed_from(speed)
    except ValueError as error:
        raise UsageError(f"--speed {error}.") from error
    options = SandboxOptions(
        port=port,
        instagram_port=instagram_port,
        aws_port=aws_port,
        speed=passes,
        graph_url=graph_url,
        empty=empty,
        keep=keep,
        settings=_settings(),
        sign_in=sign_in,
    )
    try:
        run(options, as_json=as_json)
    except PortInUseError as error:
        raise UsageError(str(error)) from error


def _settings() -> dict[str, str]:
    """What the functions are to take from this command's environment: all that does not say where
    things are, which the sandbox itself knows.
    """
    names = set(Settings.variables()) - _PLACES
    return {name: os.environ[name] for name in names if os.environ.get(name)}
