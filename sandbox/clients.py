"""A stock AWS client's way to a sandbox."""

from __future__ import annotations

from collections.abc import Mapping

import boto3


def session_of(environment: Mapping[str, str]) -> boto3.session.Session:
    """A session with the keys and the region of `Sandbox.environment()`, and nothing of ours."""
    return boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
