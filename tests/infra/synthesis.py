"""A template as the tests read it, made in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Synthesized:
    """A template, and the findings that were accepted: path, id and reason."""

    template: dict[str, Any]
    accepted: list[tuple[str, str, str]]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type, by logical id; raises where there is none."""
        found = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == kind
        }
        assert found, f"there is no {kind}"
        return found

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """What the resources of a type are made with."""
        return [resource.get("Properties", {}) for resource in self.of_type(kind).values()]

    def function(self, name: str) -> dict[str, Any]:
        """The properties of the function of a file of lambdas/."""
        handler = f"lambdas.{name}.handler"
        found = [
            one for one in self.properties("AWS::Lambda::Function") if one["Handler"] == handler
        ]
        assert len(found) == 1, name
        return found[0]

    def statements(self, role: Any) -> list[dict[str, Any]]:
        """What a role may do, by the policies that are attached to it."""
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            if role in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]


def synthesize(folder: Path, **settings: Any) -> Synthesized:
    """A template made in this process; raises where cdk-nag finds something without a reason."""
    from infra import findings
    from infra.app import make_app
    from infra.settings import Settings

    findings.ACCEPTED.clear()
    chosen = Settings(**settings)
    assembly = make_app(chosen, outdir=str(folder)).synth()
    template = assembly.get_stack_by_name(chosen.stack_name).template
    return Synthesized(json.loads(json.dumps(template)), list(findings.ACCEPTED))
