"""Tokens and user ids of the accounts, in the SSM Parameter Store.

The folder of an account is the prefix itself for `default`, else `{prefix}/{accountId}`. In it lie
`instagram-access-token`, `instagram-user-id` and, after Facebook Login, `facebook-user-token`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from postwright import clock
from postwright.aws import Connected, new_client
from postwright.errors import TokenInvalidError
from postwright.hosts import login_of
from postwright.models import TokenFacts

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.literals import ParameterTypeType

DEFAULT_ACCOUNT: Final = "default"
LONG_LIFE: Final = timedelta(days=60)

_TOKEN: Final = "instagram-access-token"  # noqa: S105 - the name of a parameter
_USER_ID: Final = "instagram-user-id"
_SEARCHING: Final = "facebook-user-token"


@dataclass(frozen=True)
class Credentials:
    """What a call for an account needs. The token never appears in a representation of this."""

    user_id: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class Stored:
    """Credentials as the Parameter Store has them: version and time are those of the token."""

    credentials: Credentials
    version: int
    stored_at: datetime
    is_encrypted: bool


class Tokens(Connected["SSMClient"]):
    """Credentials by account, kept in memory for a few minutes."""

    def __init__(self, client: SSMClient | None, prefix: str, cache_seconds: int) -> None:
        super().__init__(client, lambda: new_client("ssm"))
        self._prefix = prefix.rstrip("/")
        self._cache_seconds = cache_seconds
        self._cache: dict[str, tuple[datetime, Credentials]] = {}
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, prefix: str, cache_seconds: int) -> Tokens:
        """Tokens on the Parameter Store that the AWS environment variables lead to."""
        return cls(None, prefix, cache_seconds)

    def credentials(self, account_id: str) -> Credentials:
        """Token and user id of an account; raises TokenInvalidError when they are not stored."""
        with self._lock:
            cached = self._cache.get(account_id)
            if cached and clock.seconds_since(cached[0]) < self._cache_seconds:
                return cached[1]
            found = self.stored(account_id).credentials
            self._cache[account_id] = (clock.now(), found)
            return found

    def renew(self, account_id: str) -> str:
        """The token as it is stored now, as after Instagram refused the one in memory."""
        self._drop(account_id)
        return self.credentials(account_id).token

    def accounts(self) -> list[str]:
        """Every account that has a token, whoever stored it; `default` first."""
        pages = self._client.get_paginator("get_parameters_by_path").paginate(
            Path=self._prefix or "/", Recursive=True, WithDecryption=False
        )
        names = {
            found["Name"].removeprefix(f"{self._prefix}/")
            for page in pages
            for found in page["Parameters"]
        }
        folders = {
            folder
            for folder, _, name in (name.rpartition("/") for name in names)
            if name == _TOKEN and "/" not in folder and folder != DEFAULT_ACCOUNT
        }
        return [folder or DEFAULT_ACCOUNT for folder in sorted(folders)]

    def stored(self, account_id: str) -> Stored:
        """Credentials as they are now; raises TokenInvalidError when they are not stored."""
        token_name, user_name = (self.name(account_id, leaf) for leaf in (_TOKEN, _USER_ID))
        found = self._read(token_name, user_name)
        missing = [name for name in (token_name, user_name) if not _value(found.get(name))]
        if missing:
            raise TokenInvalidError(
                f"The Parameter Store has no {' and no '.join(missing)}."
                f" Run {login_command(account_id)} and redrive the run."
            )
        token = found[token_name]
        return Stored(
            Credentials(user_id=_value(found[user_name]), token=_value(token)),
            int(token["Version"]),
            token["LastModifiedDate"].astimezone(UTC),
            token["Type"] == "SecureString",
        )

    def searching_token(self, account_id: str) -> str | None:
        """The Facebook user token, for searches on graph.facebook.com; None where there is none."""
        name = self.name(account_id, _SEARCHING)
        return _value(self._read(name).get(name)) or None

    def store(self, account_id: str, token: str, user_id: str, *, searching: str | None) -> int:
        """Store what a login or a refresh gave; returns the version of the token's parameter.

        The token is stored last, and its old versions stay readable. Without `searching` the
        Facebook user token stays if it is the same user's, else it goes.
        """
        names = [self.name(account_id, leaf) for leaf in (_TOKEN, _USER_ID, _SEARCHING)]
        token_name, user_name, searching_name = names
        before = self._read(*names)
        if searching is not None:
            self._put(before, searching_name, searching, "SecureString")
        if _value(before.get(user_name)) != user_id:
            if searching is None and searching_name in before:
                self._client.delete_parameters(Names=[searching_name])
            self._put(before, user_name, user_id, "String")
        version = self._put(before, token_name, token, "SecureString")
        self._drop(account_id)
        return version

    def token_of_version(self, account_id: str, version: int) -> str:
        """A token that was stored before; SSM keeps the last 100 versions."""
        name = f"{self.name(account_id, _TOKEN)}:{version}"
        return _value(self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"])

    def forget(self, account_id: str) -> None:
        """Delete every parameter of the account; a repeat changes nothing."""
        names = [self.name(account_id, leaf) for leaf in (_TOKEN, _USER_ID, _SEARCHING)]
        self._client.delete_parameters(Names=names)
        self._drop(account_id)

    def name(self, account_id: str, leaf: str) -> str:
        """The whole name of a parameter in the account's folder."""
        is_default = account_id == DEFAULT_ACCOUNT
        return f"{self._prefix}{'' if is_default else f'/{account_id}'}/{leaf}"

    def _drop(self, account_id: str) -> None:
        with self._lock:
            self._cache.pop(account_id, None)

    def _read(self, *names: str) -> dict[str, Any]:
        answer = self._client.get_parameters(Names=list(names), WithDecryption=True)
        return {found["Name"]: found for found in answer["Parameters"]}

    def _put(self, before: dict[str, Any], name: str, value: str, kind: ParameterTypeType) -> int:
        """Write a parameter; one that somebody made by hand keeps its type."""
        of_type = before[name]["Type"] if name in before else kind
        answer = self._client.put_parameter(Name=name, Value=value, Type=of_type, Overwrite=True)
        return int(answer["Version"])


def facts_about(stored: Stored, known: TokenFacts | None) -> TokenFacts:
    """The facts of a stored token: those that are known, else the most favourable ones.

    A token is at least as old as the parameter that it lies in.
    """
    if known is not None and known.parameter_version == stored.version:
        return known
    login = login_of(stored.credentials.token)
    ends_at = stored.stored_at + LONG_LIFE
    return TokenFacts(
        login=login,
        user_id=stored.credentials.user_id,
        issued_at=clock.to_text(stored.stored_at),
        expires_at=clock.to_text(ends_at) if login == "instagram" else None,
        searching_expires_at=known.searching_expires_at if known else None,
        is_guess=True,
        parameter_version=stored.version,
    )


def login_command(account_id: str, login: str = "instagram") -> str:
    """What to type for a new token."""
    kind = "" if login == "instagram" else f" --login {login}"
    return f"`postwright auth login{kind}{account_option(account_id)}`"


def account_option(account_id: str) -> str:
    """What names an account on a command line, with a space before it; "" for the default one."""
    return "" if account_id == DEFAULT_ACCOUNT else f" --account {account_id}"


def _value(parameter: Any) -> str:
    return str(parameter["Value"]).strip() if parameter else ""
