"""Everything that a function needs, made once per process from its environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING

from postwright import breaker, failures
from postwright.alarms import Alarms
from postwright.budgets import Budgets, Urgency
from postwright.errors import TokenInvalidError
from postwright.executions import Executions, Histories
from postwright.failures import GraphFailure
from postwright.hosts import Hosts, login_of
from postwright.measures import Measures
from postwright.media import MediaBucket
from postwright.seen import SeenObjects
from postwright.settings import Settings
from postwright.store import Store
from postwright.tokens import Tokens, login_command

if TYPE_CHECKING:
    import httpx

    from postwright.instagram import InstagramClient


@dataclass(frozen=True)
class App:
    """The parts that the steps of the workflow work with."""

    settings: Settings
    store: Store
    media: MediaBucket
    tokens: Tokens
    executions: Executions
    histories: Histories = field(default_factory=Histories)
    alarms: Alarms = field(default_factory=Alarms)
    given_http: httpx.Client | None = None
    seen_objects: SeenObjects = field(default_factory=SeenObjects)
    measures: Measures = field(default_factory=Measures)
    _seen: set[str] = field(default_factory=set, init=False, repr=False)

    @classmethod
    def connect(cls, settings: Settings) -> App:
        """Parts that talk to the AWS that the AWS environment variables lead to."""
        return cls(
            settings=settings,
            store=Store.connect(settings.table),
            media=MediaBucket.connect(settings.bucket, settings.presign_seconds),
            tokens=Tokens.connect(settings.ssm_prefix, settings.token_cache_seconds),
            executions=Executions.connect(settings.state_machine_arn),
        )

    @cached_property
    def http(self) -> httpx.Client:
        """Connections to Instagram, made when they are first needed."""
        from postwright.instagram import new_http_client  # not every function calls Instagram

        return self.given_http or new_http_client()

    @property
    def budgets(self) -> Budgets:
        """What the accounts may still do."""
        return Budgets(self.store, self.executions, self.settings)

    def instagram(self, account_id: str, *, token_read_now: bool = False) -> InstagramClient:
        """A client for the account; raises TokenInvalidError when its token is not stored.

        It takes up a new token as soon as Instagram refuses the one in memory. A publish is not
        repeated even then, so it asks for a token that is read now. With the setting `cold-start`
        the first call for an account refreshes its token if that is due.
        """
        if token_read_now:
            self.tokens.renew(account_id)
        elif self.settings.refresh == "cold-start" and account_id not in self._seen:
            from postwright import refreshing  # see `http`

            self._seen.add(account_id)
            refreshing.refresh_when_due(self, account_id)
        credentials = self.tokens.credentials(account_id)
        return self._client(
            account_id,
            credentials.token,
            credentials.user_id,
            renew_token=lambda: self.tokens.renew(account_id),
        )

    @contextmanager
    def calling(
        self, account_id: str, calls: int, urgency: Urgency | None, *, token_read_now: bool = False
    ) -> Iterator[InstagramClient]:
        """A client for calls that are counted before they are made; what the usage headers say is
        kept afterwards, and so is how many calls there were after all.

        Raises RateLimitedError where there must be a pause first, and what `instagram` raises.
        Without an urgency the calls are made whatever is left; who asks so says why.
        """
        if urgency is None:
            taken = self.budgets.count_calls(account_id, calls)
        else:
            taken = self.budgets.take_calls(account_id, calls, urgency).without_pause()
        instagram = self.instagram(account_id, token_read_now=token_read_now)
        try:
            yield instagram
        finally:
            self.budgets.heard(account_id, taken, instagram)

    def searching(self, account_id: str) -> InstagramClient:
        """A client for hashtag and location search, which only graph.facebook.com offers. Each of
        its calls is counted first, and raises RateLimitedError where the account has none left.

        Raises TokenInvalidError where the account has no token of Facebook Login.
        """
        token = self.tokens.searching_token(account_id)
        if token is None:
            raise TokenInvalidError(
                f"Hashtags and locations are searched with Facebook Login, and account"
                f" {account_id} has none. Run {login_command(account_id, 'facebook')}."
            )
        user_id = self.tokens.credentials(account_id).user_id
        return self._client(
            account_id,
            token,
            user_id,
            before_call=lambda: self._take_call(account_id),
            on_failure=lambda failure: self._count(account_id, failure),
        )

    def _client(
        self,
        account_id: str,
        token: str,
        user_id: str,
        renew_token: Callable[[], str] | None = None,
        before_call: Callable[[], None] | None = None,
        on_failure: Callable[[GraphFailure], None] | None = None,
    ) -> InstagramClient:
        from postwright.instagram import InstagramClient  # see `http`

        hosts = Hosts.of(self.settings)

        def count_call() -> None:
            if before_call is not None:
                before_call()
            self.measures.add("GraphCalls")

        return InstagramClient(
            token,
            user_id,
            graph_url=lambda current: hosts.graph(login_of(current)),
            http=self.http,
            renew_token=renew_token,
            before_call=count_call,
            on_failure=on_failure or (lambda failure: self._note(account_id, failure)),
        )

    def _note(self, account_id: str, failure: GraphFailure) -> None:
        """Keep what an answer of Instagram means beyond its call."""
        if breaker.is_action_block(failure):
            breaker.trip(self.store, account_id, failure, self.settings.block_hours)
        self.budgets.refused(account_id, failure)
        self._count(account_id, failure)

    def _take_call(self, account_id: str) -> None:
        self.budgets.take_calls(account_id, 1, "new").without_pause()

    def _count(self, account_id: str, failure: GraphFailure) -> None:
        """Of searches no more than this: headers and refusals there are about the app, and say
        nothing of what is left to the account.
        """
        error_class = type(failures.classify(failure)).__name__
        self.measures.add("GraphErrors", ErrorClass=error_class)
        if not failure.is_known:
            self.measures.add("UnknownGraphErrors")
            self.store.count_unknown(account_id, failure)


@cache
def current() -> App:
    """The parts of this process, made at the first call."""
    return App.connect(Settings.from_environment(os.environ))
