"""`postwright doctor`: whether everything that publishing needs is in order."""

from __future__ import annotations

from typing import Annotated

import typer

from postwright import carousel_probe, doctor, limits
from postwright.cli import asking
from postwright.cli.auth import AccountId
from postwright.cli.connection import Stack, connect
from postwright.cli.console import counted, print_json, say
from postwright.cli.preflight import Json
from postwright.doctor import Finding
from postwright.tokens import DEFAULT_ACCOUNT


def command(
    account: AccountId = DEFAULT_ACCOUNT,
    probe_carousel: Annotated[
        bool,
        typer.Option(
            "--probe-carousel",
            help=f"Find out whether carousels of {carousel_probe.ITEMS} items work, and keep it.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before the probe.")] = False,
    stack: Stack = None,
    as_json: Json = False,
) -> None:
    """Check the account, its token, what waits and the bucket; exit code 1 on a problem.

    It only reads, and publishes nothing. The probe makes containers, which are not published
    either.
    """
    app = connect(stack)
    tries = probe_carousel and (yes or _is_agreed())
    findings = doctor.examine(app, account)
    if tries and any(finding.status == "problem" for finding in findings):
        say.note("Carousels were not tried: mend first what is wrong.")
    elif tries:
        findings += doctor.examine(app, account, [carousel_probe.carousel])
    problems = sum(finding.status == "problem" for finding in findings)
    if as_json:
        document = {"accountId": account, "ok": problems == 0}
        print_json({**document, "findings": [finding.to_json() for finding in findings]})
    else:
        for finding in findings:
            for line in _lines(finding):
                say.result(line)
        warnings = sum(finding.status == "warning" for finding in findings)
        say.note(f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}.")
    if problems:
        raise typer.Exit(1)


def _is_agreed() -> bool:
    answer = asking.line(
        f"The probe makes {carousel_probe.CONTAINERS} of the"
        f" {limits.CONTAINERS_PER_DAY.value} containers that the account may make in 24 hours, and"
        " publishes nothing. Go on? [y/N]"
    )
    return answer.lower() in ("y", "yes")


def _lines(finding: Finding) -> list[str]:
    name = finding.check.replace("_", " ")
    lines = [f"{finding.status:<8} {name:<18} {finding.sentence}"]
    if finding.fix:
        lines.append(f"{'':<27} {finding.fix}")
    return lines
