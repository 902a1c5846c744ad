"""Instagram's hosts, versions and the shape of its paths: `/{host}/{version}/{node}/{edge}`.

One loopback origin serves all hosts, so a host may stand as the first segment of a path; without
one it is graph.instagram.com, and a client that takes a base URL can be pointed at
`{origin}/graph.facebook.com`.

Sources: Instagram platform overview (Meta, 2026), Graph API changelog (Meta, 2026-07-29): v20.0
ended on 2026-09-24, v26.0 is the newest. Unversioned paths work in production.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.instagram import errors
from sandbox.instagram.errors import GraphError

GRAPH_INSTAGRAM, GRAPH_FACEBOOK = "graph.instagram.com", "graph.facebook.com"
API_INSTAGRAM, WWW_INSTAGRAM = "api.instagram.com", "www.instagram.com"
WWW_FACEBOOK, UPLOAD = "www.facebook.com", "rupload.facebook.com"
HOSTS = (GRAPH_INSTAGRAM, GRAPH_FACEBOOK, API_INSTAGRAM, WWW_INSTAGRAM, WWW_FACEBOOK, UPLOAD)

_VERSION = re.compile(r"v\d+(?:\.\d+)?")
UPLOAD_PATH = "ig-api-upload"
DEFAULT_VERSION = "v25.0"
VERSIONS = tuple(f"v{major}.0" for major in range(21, 27))


@dataclass(frozen=True, slots=True)
class Address:
    """A path, taken apart; `named_host` is None when the path does not choose one."""

    named_host: str | None
    version: str | None
    segments: list[str]

    @property
    def host(self) -> str:
        return self.named_host or GRAPH_INSTAGRAM

    @property
    def prefix(self) -> str:
        """What stands before the node, to build a path on the same host and version."""
        return "".join(f"/{part}" for part in (self.named_host, self.version) if part is not None)

    def require_version(self) -> None:
        """Raises GraphError on a version that does not exist, or no longer.

        Not established: what Meta answers then.
        """
        if self.version is not None and self.version not in VERSIONS:
            raise GraphError(
                errors.UNKNOWN_VERSION.saying(
                    f"{errors.UNKNOWN_VERSION.message} {self.version}, known are"
                    f" {VERSIONS[0]} to {VERSIONS[-1]}"
                )
            )


def address_of(path: str) -> Address:
    segments = [segment for segment in path.split("/") if segment]
    host = segments.pop(0) if segments and segments[0] in HOSTS else None
    version = segments.pop(0) if segments and _VERSION.fullmatch(segments[0]) else None
    return Address(host, version, segments)
