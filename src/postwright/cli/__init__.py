"""The command line: `postwright publish`, `status`, `retry`, `cancel`, `reconcile` and more.

Exit codes: 0 done, 1 the post or check failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 a repair
stopped by SIGTERM. With `--json` standard output holds one JSON document and nothing else.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from typing import Annotated

import httpx
import typer
from boto3.exceptions import Boto3Error
from botocore import exceptions as botocore

import postwright
from postwright.cli import (
    auth,
    doctor,
    hashtags,
    location,
    preflight,
    publish,
    quota,
    repair,
    replay,
    retry,
    sandbox,
    settle,
    setup,
    status,
)
from postwright.cli.console import UsageError, fail, say
from postwright.errors import PostwrightError

cli = typer.Typer(
    name="postwright",
    help="Publish to Instagram exactly once, from a pipeline.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.command("publish")(publish.command)
cli.command("status")(status.command)
cli.command("retry")(retry.command)
cli.command("replay")(replay.command)
cli.command("cancel")(settle.cancel)
cli.command("reconcile")(settle.reconcile)
cli.command("unblock")(settle.unblock)
cli.command("quota")(quota.command)
cli.command("preflight")(preflight.command)
cli.command("repair")(repair.command)
cli.command("doctor")(doctor.command)
cli.add_typer(hashtags.commands, name="hashtags")
cli.command("setup")(setup.command)
cli.add_typer(auth.commands, name="auth")
cli.add_typer(location.commands, name="location")
cli.add_typer(sandbox.commands, name="sandbox")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"postwright {postwright.__version__}")
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[  # noqa: ARG001  its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the result.")] = False,
) -> None:
    """Publish to Instagram exactly once, from a pipeline."""
    say.quiet = quiet
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def main() -> None:
    """Run the command line; every failure is one sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        cli()
    except UsageError as error:
        fail(str(error), 2)
    except PostwrightError as error:
        fail(error.sentence, 1)
    except (httpx.TransportError, botocore.ConnectionError, botocore.HTTPClientError) as error:
        where = "The sandbox" if os.environ.get("AWS_ENDPOINT_URL") else "AWS"
        fail(f"{where} does not answer any more ({type(error).__name__}).", 1)
    except (botocore.BotoCoreError, botocore.ClientError, Boto3Error) as error:
        fail(f"AWS answered with an error: {error}", 1)
    except UnicodeEncodeError:
        fail("An argument holds bytes that are not text in UTF-8.", 2)
    except OSError as error:
        fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", 1)
    except KeyboardInterrupt:
        sys.exit(130)
