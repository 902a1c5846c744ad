"""What things are called in the sandbox's AWS; a command that knows its address needs no more."""

from __future__ import annotations

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
TABLE = "postwright"
BUCKET = "postwright-media"
SSM_PREFIX = "/ai-social-media/prod"
STATE_MACHINE = "publish-post"
STATE_MACHINE_ARN = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{STATE_MACHINE}"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT_ID}:role/sandbox"
ACCESS_KEY = "sandbox"


def access_key_of(function: str) -> str:
    """The access key, and the secret key too, with which a function calls AWS."""
    return f"{ACCESS_KEY}-{function}"


def function_arn(name: str) -> str:
    """The ARN that a function has."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"
