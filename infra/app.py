"""`python -m infra.app`: writes cdk.out. Nothing is looked up or downloaded for it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import aws_cdk as cdk
import cdk_nag

from infra.findings import ACCEPTED
from infra.names import ROOT
from infra.settings import Settings
from infra.stack import PostwrightStack


def make_app(settings: Settings, **options: Any) -> cdk.App:
    """The app with its stack; synthesizing it fails where a check finds something unexplained."""
    app = cdk.App(**options)
    PostwrightStack(app, settings)
    cdk.Validations.of(app).add_plugins(
        cdk_nag.AwsSolutionsChecks(app), cdk_nag.ServerlessChecks(app)
    )
    return app


def main() -> None:
    """Synthesize with what cdk.json, the CDK's command line and our own say, the last one wins."""
    parser = argparse.ArgumentParser(prog="python -m infra.app", description=main.__doc__)
    parser.add_argument("-c", dest="context", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", default=str(ROOT / "cdk.out"), help="Where to write it.")
    arguments = parser.parse_args()
    given = dict(pair.split("=", 1) for pair in arguments.context)
    in_file = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]["postwright"]
    from_cdk = cdk.App().node
    of_cdk = {name: found for name in Settings.names() if (found := from_cdk.try_get_context(name))}
    settings = Settings.of({**in_file, **of_cdk, **given})
    began = time.monotonic()
    assembly = make_app(settings, outdir=arguments.out).synth()
    template = assembly.get_stack_by_name(settings.stack_name).template
    sys.stdout.write(
        f"{assembly.directory}: {len(template['Resources'])} resources of stack"
        f" {settings.stack_name}, in {time.monotonic() - began:.1f} s\n"
        f"cdk-nag: 0 findings without a reason, {len(ACCEPTED)} with one\n"
    )


if __name__ == "__main__":
    main()
