"""Keeps tokens alive: each is refreshed long before its 60 days end, and trouble is told in time.

Only tokens of Instagram Login can be refreshed. The token of a Page does not end by itself, and a
Facebook user's token, which searches need, ends after 60 days and takes a new login.

A token is replaced only after Instagram took the new one for the same user. While an old token is
valid nothing is lost by a refresh that goes wrong, wherever it stops: the next day begins with what
is stored. The facts name the parameter's version; where they are about another one, somebody stored
a token meanwhile, or a refresh died before it wrote them, and they are learned anew.

Source: Instagram Platform, business login (stamp 2026-03-13) and refresh_access_token (2025-07-17).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from postwright import clock, failures, logins, token_calls
from postwright.errors import AccountBlockedError, PostwrightError, TokenInvalidError, redact
from postwright.failures import GraphFailure
from postwright.hosts import Hosts, login_of
from postwright.instagram import InstagramClient
from postwright.login import life_in, permissions_in
from postwright.logins import LEASE_SECONDS, TokenBusyError
from postwright.models import TokenFacts, now_text, parse_instant
from postwright.token_calls import NoAnswerError
from postwright.tokens import facts_about, login_command

if TYPE_CHECKING:
    from postwright.app import App

ALARM_DAYS: Final = 10
"""With fewer days left, somebody must hear of it, whatever the reason."""
PATIENCE: Final = timedelta(days=3)
"""Trouble that lasts longer than this is told although many days are left."""
EVENT: Final = "Instagram Token Needs Attention"

_AGAIN_AFTER: Final = timedelta(days=1)
"""How soon functions try again that refresh at their start: each try makes a run wait."""
_ACCOUNT_SECONDS: Final = 12
"""What one account takes in a function that must end in time, if nothing hangs."""
_STORE_WITHIN_SECONDS: Final = LEASE_SECONDS / 2
"""Later than this after the lease began, a new token is not stored any more."""

Did = Literal["refreshed", "kept", "busy", "failed"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What came of one account. `alarm` is a sentence for whoever runs this, if one is due."""

    account_id: str
    did: Did
    sentence: str
    facts: TokenFacts | None = None
    alarm: str | None = None

    def to_json(self) -> dict[str, Any]:
        """What the function answers; without secrets, as the facts are."""
        known = self.facts.to_json() if self.facts else {}
        named = ("username", "expiresAt", "searchingExpiresAt", "trouble", "troubleSince")
        return {
            "accountId": self.account_id,
            "did": self.did,
            "sentence": self.sentence,
            "daysLeft": self.facts.days_left if self.facts else None,
            **{name: known[name] for name in named if name in known},
            **({"alarm": self.alarm} if self.alarm else {}),
        }


class _TroubleError(Exception):
    """Why a token was not refreshed. It is final where time alone does not mend it."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


def refresh_all(app: App, *, remaining_seconds: Callable[[], float]) -> list[Outcome]:
    """Look after every account, those first that have the fewest days left, and send alarms.

    One account's trouble never stops the others. Raises AlarmNotSentError or what AWS raises when
    an alarm could not be sent, after all accounts were looked at.
    """
    outcomes, unsent = [], None
    for account_id in _most_urgent_first(app):
        is_allowed = app.settings.refresh == "schedule"
        if remaining_seconds() > _ACCOUNT_SECONDS:
            outcome = refresh(app, account_id, is_allowed=is_allowed)
        else:
            outcome = _failed(app, account_id, "There was no time left to look at its token.")
        outcomes.append(outcome)
        _measure(app, outcome)
        if outcome.alarm:
            try:
                app.alarms.send(EVENT, outcome.to_json())
            except Exception as error:  # the other accounts come first
                unsent = error
    if unsent is not None:
        raise unsent
    return outcomes


def refresh(
    app: App,
    account_id: str,
    *,
    is_allowed: bool = True,
    now: bool = False,
    again_after: timedelta = timedelta(0),
) -> Outcome:
    """Refresh an account's token if it is due, or, with `now`, if Instagram allows it already.

    Where it is not allowed, or was tried less than `again_after` ago, only tell how the token
    stands. Never raises: trouble is part of the answer, and of the facts.
    """
    try:
        if not now:
            outcome = _at_rest(app, account_id, is_allowed=is_allowed, again_after=again_after)
            if outcome is not None:
                return outcome
        with logins.alone(app, account_id):
            return _Refresh(app, account_id).run(now=now)
    except TokenBusyError as error:
        return Outcome(account_id, "busy", str(error))
    except TokenInvalidError as error:
        return Outcome(account_id, "failed", error.sentence, alarm=error.sentence)
    except Exception as error:  # whatever it is, the next account must come
        return _failed(
            app, account_id, f"Its token could not be looked at. {_without_secrets(error)}"
        )


def refresh_when_due(app: App, account_id: str) -> None:
    """What a function does at its start where no schedule refreshes; never raises."""
    outcome = refresh(app, account_id, again_after=_AGAIN_AFTER)
    if outcome.did == "failed":
        _log.warning("The token of account %s: %s", account_id, outcome.sentence)


class _Refresh:
    """One try for one account, while nobody else may replace its token."""

    def __init__(self, app: App, account_id: str) -> None:
        self._app = app
        self._account_id = account_id
        self._began = clock.monotonic()
        self._hosts = Hosts.of(app.settings)
        self._stored = app.tokens.stored(account_id)
        self._facts = facts_about(self._stored, app.store.token_facts(account_id))

    def run(self, *, now: bool) -> Outcome:
        try:
            self._learn()
            if not now and not _is_due(self._app, self._facts):
                return _told(self._account_id, "kept", self._facts)
            return self._replace()
        except _TroubleError as error:
            return self._failed(str(error), is_final=error.is_final)
        except Exception as error:  # AWS, after Instagram may have answered: tomorrow again
            return self._failed(_without_secrets(error), is_final=False)

    def _learn(self) -> None:
        """Ask Instagram whose token it is, when nobody has said so."""
        if self._facts.username:
            return
        found = self._read(self._stored.credentials.token)
        self._keep(
            user_id=found.user_id,
            username=found.username,
            account_type=found.account_type,
            trouble=None,
            trouble_since=None,
        )

    def _replace(self) -> Outcome:
        facts = self._facts
        if facts.login == "facebook":
            return _told(self._account_id, "kept", facts)
        old = self._stored.credentials
        ripe_at = _ripe_at(self._app, facts)
        if clock.now() < ripe_at:
            sentence = (
                f"The token is younger than {self._app.settings.refresh_min_age_hours:g} hours, and"
                " Instagram refreshes none that is."
                f" It can be refreshed from {clock.to_text(ripe_at)}."
            )
            return Outcome(self._account_id, "kept", sentence, facts, _alarm(facts))
        asked_at = clock.now()
        body = self._ask(old.token)
        new = body.get("access_token")
        if not isinstance(new, str) or login_of(new) != "instagram" or not new:
            raise _TroubleError("Instagram answered a refresh without a token.")
        found = self._read(new)
        if found.user_id != facts.user_id:
            raise _TroubleError(
                f"Instagram answered a refresh with the token of another user, @{found.username}."
                " It was not stored."
            )
        version = self._store(new)
        if version is None:
            return Outcome(
                self._account_id,
                "kept",
                "Somebody stored another token meanwhile, which stays.",
            )
        self._keep(
            username=found.username,
            account_type=found.account_type,
            scopes=list(permissions_in(body.get("permissions"))) or facts.scopes,
            issued_at=clock.to_text(asked_at),
            expires_at=clock.to_text(asked_at + life_in(body)),
            is_guess=False,
            parameter_version=version,
            tried_at=now_text(),
            trouble=None,
            trouble_since=None,
        )
        return _told(self._account_id, "refreshed", self._facts)

    def _ask(self, token: str) -> Any:
        url = f"{self._hosts.graph_root}/refresh_access_token"
        query = {"grant_type": "ig_refresh_token", "access_token": token}
        self._count_call()
        try:
            answer = token_calls.get(self._app.http, url, query)
        except NoAnswerError as error:
            raise _TroubleError(f"The refresh had no clear answer ({error}).") from error
        if answer.refusal is None:
            return answer.body
        refusal = answer.refusal
        known = failures.classify(
            GraphFailure("read", 400, refusal.code, refusal.subcode, message=refusal.said)
        )
        if isinstance(known, TokenInvalidError | AccountBlockedError):
            raise _TroubleError(known.sentence, is_final=True)
        raise _TroubleError(f"Instagram refused the refresh: {refusal.said}")

    def _read(self, token: str) -> Any:
        """The account that Instagram gives with a token; its answer shows that it takes it."""
        client = InstagramClient(
            token,
            self._stored.credentials.user_id,
            graph_url=self._hosts.graph(login_of(token)),
            http=self._app.http,
            before_call=self._count_call,
        )
        try:
            return client.account()
        except (TokenInvalidError, AccountBlockedError) as error:
            is_new = token != self._stored.credentials.token
            raise _TroubleError(error.sentence, is_final=not is_new) from error
        except PostwrightError as error:
            raise _TroubleError(f"The token could not be tried: {error.sentence}") from error

    def _count_call(self) -> None:
        """Against the account's calls, whatever is left: it is about the token that all need."""
        self._app.budgets.count_calls(self._account_id, 1)

    def _store(self, new: str) -> int | None:
        """The version stored. None where somebody stored a token meanwhile without the lease, as by
        hand: then it is as if this refresh had not been.
        """
        app, old = self._app, self._stored
        if clock.monotonic() - self._began > _STORE_WITHIN_SECONDS:
            raise _TroubleError("The refresh took so long that its answer was not stored.")
        if new == old.credentials.token:
            return old.version
        user_id = old.credentials.user_id
        version = app.tokens.store(self._account_id, new, user_id, searching=None)
        if version == old.version + 1:
            return version
        if version == 1:
            app.tokens.forget(self._account_id)  # somebody deleted it meanwhile
            return None
        theirs = app.tokens.token_of_version(self._account_id, version - 1)
        current = app.tokens.stored(self._account_id).credentials.user_id
        app.tokens.store(self._account_id, theirs, current, searching=None)
        return None

    def _failed(self, sentence: str, *, is_final: bool) -> Outcome:
        self._keep(
            tried_at=now_text(),
            trouble=redact(sentence),
            trouble_since=self._facts.trouble_since or now_text(),
        )
        return _told(self._account_id, "failed", self._facts, is_final=is_final)

    def _keep(self, **changes: Any) -> None:
        self._facts = self._facts.model_copy(update=changes)
        self._app.store.put_token_facts(self._account_id, self._facts)


def _at_rest(
    app: App, account_id: str, *, is_allowed: bool, again_after: timedelta
) -> Outcome | None:
    """How a token stands that nothing is to be done about now; None when it needs a lease."""
    stored = app.tokens.stored(account_id)
    facts = facts_about(stored, app.store.token_facts(account_id))
    tried = facts.tried_at
    if tried and clock.seconds_since(parse_instant(tried)) < again_after.total_seconds():
        return _told(account_id, "kept", facts)
    if is_allowed and (not facts.username or _is_due(app, facts)):
        return None
    return _told(account_id, "kept", facts)


def _is_due(app: App, facts: TokenFacts) -> bool:
    """Old enough to be refreshed, and near enough to its end; how near is not known of a guess."""
    if facts.login == "facebook" or facts.days_left is None:
        return False
    is_near = facts.is_guess or facts.days_left < app.settings.refresh_below_days
    return is_near and clock.now() >= _ripe_at(app, facts)


def _ripe_at(app: App, facts: TokenFacts) -> datetime:
    """When a token is old enough to be refreshed."""
    return parse_instant(facts.issued_at) + timedelta(hours=app.settings.refresh_min_age_hours)


def _told(account_id: str, did: Did, facts: TokenFacts, *, is_final: bool = False) -> Outcome:
    """The outcome in words."""
    alarm = _alarm(facts, is_final=is_final)
    end = f" It works until {facts.expires_at}." if facts.expires_at else ""
    if did == "failed":
        sentence = f"The token was not refreshed. {facts.trouble}{end if not is_final else ''}"
    elif facts.login == "facebook":
        sentence = "The token of a Page does not end by itself and is never refreshed."
    else:
        what = "is new" if did == "refreshed" else "stays"
        sentence = f"The token {what}.{end}"
    if alarm and did == "failed":
        sentence += f" Run {login_command(account_id)}."
    return Outcome(
        account_id,
        did,
        sentence,
        facts,
        f"{alarm} Run {login_command(account_id)}." if alarm else None,
    )


def _alarm(facts: TokenFacts, *, is_final: bool = False) -> str | None:
    """Why somebody must look after the account now, or None."""
    days, searching = facts.days_left, facts.searching_days_left
    because = f" {facts.trouble}" if facts.trouble else ""
    name = f"@{facts.username}" if facts.username else facts.user_id
    if days is not None and days < ALARM_DAYS:
        return f"The token of {name} ends in {days:.1f} days.{because}"
    if facts.trouble and is_final:
        return f"The token of {name} does not work any more.{because}"
    since = facts.trouble_since
    if since and clock.seconds_since(parse_instant(since)) > PATIENCE.total_seconds():
        return f"The token of {name} could not be refreshed since {since}.{because}"
    if searching is not None and searching < ALARM_DAYS:
        return (
            f"The Facebook token of {name}, with which hashtags and locations are searched, ends in"
            f" {searching:.1f} days and cannot be refreshed."
        )
    return None


def _failed(app: App, account_id: str, sentence: str) -> Outcome:
    """An account that could not even be looked at; what was known of it may call for an alarm."""
    _log.error("Account %s: %s", account_id, sentence)
    try:
        facts = app.store.token_facts(account_id)
    except Exception as error:  # then nothing is known of it
        _log.error("Account %s: %s", account_id, _without_secrets(error))
        facts = None
    alarm = _alarm(facts) if facts else None
    return Outcome(account_id, "failed", sentence, facts, alarm)


def _measure(app: App, outcome: Outcome) -> None:
    days = outcome.facts.days_left if outcome.facts else None
    if days is not None:
        app.measures.add("TokenDaysLeft", days, AccountId=outcome.account_id)
    app.measures.add("TokensRefreshed", outcome.did == "refreshed")
    app.measures.add("TokenRefreshesFailed", outcome.did == "failed")
    app.measures.add("TokenAlarms", outcome.alarm is not None)


def _without_secrets(error: Exception) -> str:
    """What an error says. Its traceback is never logged: AWS may repeat a parameter's value."""
    return redact(f"{type(error).__name__}: {error}")


def _most_urgent_first(app: App) -> list[str]:
    """Accounts by days left; first those of which that is not known."""

    def days_left(account_id: str) -> float:
        try:
            facts = app.store.token_facts(account_id)
        except ValueError:  # a record that somebody damaged
            facts = None
        if facts is None:
            return 0.0
        return float("inf") if facts.days_left is None else facts.days_left

    return sorted(app.tokens.accounts(), key=days_left)
