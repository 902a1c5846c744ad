"""Tokens and user ids of the accounts, from the SSM Parameter Store."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import boto3

from postwright import clock
from postwright.errors import TokenInvalidError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class Credentials:
    """What a call for an account needs. The token never appears in a representation of this."""

    user_id: str
    token: str = field(repr=False)


class Tokens:
    """Credentials by account, kept in memory for a few minutes."""

    def __init__(self, client: SSMClient, prefix: str, cache_seconds: int) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._cache_seconds = cache_seconds
        self._cache: dict[str, tuple[datetime, Credentials]] = {}
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, prefix: str, cache_seconds: int) -> Tokens:
        """Tokens on the Parameter Store that the AWS environment variables lead to."""
        return cls(boto3.client("ssm"), prefix, cache_seconds)

    def credentials(self, account_id: str) -> Credentials:
        """Token and user id of an account; raises TokenInvalidError when they are not stored."""
        with self._lock:
            cached = self._cache.get(account_id)
            if cached and clock.seconds_since(cached[0]) < self._cache_seconds:
                return cached[1]
            found = self._read(account_id)
            self._cache[account_id] = (clock.now(), found)
            return found

    def renew(self, account_id: str) -> str:
        """The token as it is stored now, as after Instagram refused the one in memory."""
        with self._lock:
            self._cache.pop(account_id, None)
        return self.credentials(account_id).token

    def _read(self, account_id: str) -> Credentials:
        folder = self._prefix if account_id == "default" else f"{self._prefix}/{account_id}"
        token_name, user_name = f"{folder}/instagram-access-token", f"{folder}/instagram-user-id"
        answer = self._client.get_parameters(Names=[token_name, user_name], WithDecryption=True)
        values = {found["Name"]: found["Value"].strip() for found in answer["Parameters"]}
        missing = [name for name in (token_name, user_name) if not values.get(name)]
        if missing:
            raise TokenInvalidError(
                f"The Parameter Store has no {' and no '.join(missing)}."
                " Run `postwright auth login` and redrive the run."
            )
        return Credentials(user_id=values[user_name], token=values[token_name])
