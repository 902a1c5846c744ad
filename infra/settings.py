"""Every setting of a deployment, from the CDK context.

    make synth ARGS="-c alarmEmail=me@example.com -c stackName=Staging"

or for good in `cdk.json`, in the object `postwright` of `context`. An unknown name is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from infra.names import ROOT


@dataclass(frozen=True)
class Settings:
    """What a deployment can choose.

    In the context they are written as `stackName`. `environment` holds further `POSTWRIGHT_*`
    variables of the functions. With `issuer` and `audience` the sign-in is somebody else's OpenID
    Connect, and no user pool is made; `sign_in_domain` is where its pages are. `token_key_arn`
    names the KMS key of the parameters, where it is not the account's `aws/ssm`.
    """

    stack_name: str = "Postwright"
    ssm_prefix: str = "/ai-social-media/prod"
    refresh: Literal["schedule", "cold-start", "manual"] = "schedule"
    environment: Mapping[str, str] = field(default_factory=dict)
    alarm_email: str | None = None
    issuer: str | None = None
    audience: str | None = None
    sign_in_domain: str | None = None
    token_key_arn: str | None = None
    execution_data: bool = False
    log_days: int = 90
    delete_data: bool = False
    build: Path = ROOT / "build"
    web: Path = ROOT / "web"

    def __post_init__(self) -> None:
        if (self.issuer is None) != (self.audience is None):
            raise ValueError("issuer and audience belong together: name both or none.")
        if not self.ssm_prefix.startswith("/") or self.ssm_prefix.endswith("/"):
            raise ValueError("ssmPrefix must begin with a slash and not end with one.")
        if self.refresh not in ("schedule", "cold-start", "manual"):
            raise ValueError("refresh must be schedule, cold-start or manual.")
        wrong = [name for name in self.environment if not name.startswith("POSTWRIGHT_")]
        if wrong:
            raise ValueError(f"environment may hold POSTWRIGHT_* only, not {', '.join(wrong)}.")

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Settings:
        """Settings from context values; the CDK's command line gives all of them as text."""
        known = {_camel(one.name): one for one in fields(cls)}
        unknown = sorted(context.keys() - known.keys())
        if unknown:
            raise ValueError(f"No such setting: {', '.join(unknown)}. Known: {', '.join(known)}.")
        return cls(
            **{known[name].name: _typed(known[name].type, value) for name, value in context.items()}
        )

    @classmethod
    def names(cls) -> list[str]:
        """The settings as they are called in the context."""
        return [_camel(one.name) for one in fields(cls)]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _typed(kind: Any, value: Any) -> Any:
    match kind:
        case "bool" if isinstance(value, str):
            if value not in ("true", "false"):
                raise ValueError(f"{value} is neither true nor false.")
            return value == "true"
        case "int":
            return int(value)
        case "Path":
            return Path(value)
        case kind if str(kind).startswith("Mapping") and isinstance(value, str):
            return json.loads(value)
    return value
