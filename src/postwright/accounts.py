"""How the accounts stand: what is used of their budgets, when there is more, and what to mind.

Told from the table alone, so that a page which asks every few seconds costs no call to Instagram.
`read_quota` asks Instagram first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from postwright import clock, limits
from postwright.answers import Answer
from postwright.app import App
from postwright.ledger import DAY, Ledger
from postwright.models import Block, Instant, Model, TokenFacts, parse_instant


class Posts(Model):
    """Posts of 24 hours; `held` are those of runs under way. `seen_at` is when Instagram's own
    count was read, None for never: then the total is assumed.
    """

    used: int
    total: int
    held: int
    left: int
    seen_at: Instant | None
    frees_at: Instant | None


class Containers(Model):
    """Containers of 24 hours; `reserved` are those that runs under way have yet to make."""

    used: int
    limit: int
    reserved: int
    left: int
    frees_at: Instant | None


class Calls(Model):
    """Calls of an hour. `percent` is of the allowance as the usage headers tell it, or, where they
    say nothing, of `limit`.
    """

    percent: int
    source: Literal["headers", "counted"]
    made: int
    limit: int
    seen_at: Instant | None
    throttled_until: Instant | None


class Token(Model):
    """What is known of the token, which is never shown itself."""

    login: str
    expires_at: Instant | None
    days_left: float | None
    trouble: str | None


class AccountState(Answer):
    """One account, as `GET /api/account` and `postwright quota --json` tell it."""

    account_id: str
    username: str | None
    posts: Posts
    containers: Containers
    calls: Calls
    block: Block | None
    token: Token | None
    warnings: list[str]


class AccountsAnswer(Answer):
    """How the accounts stand, by their ids."""

    accounts: list[AccountState]


def read_quota(app: App, account_id: str) -> None:
    """Ask Instagram how many posts are used; raises RateLimitedError where no call may be made."""
    with app.calling(account_id, 1, "look") as instagram:
        app.budgets.note_quota(account_id, instagram.quota())


def state_of(app: App, account_id: str) -> AccountState:
    """How an account stands now."""
    ledger = app.store.ledger(account_id)
    facts = app.store.token_facts(account_id)
    block = app.store.account_block(account_id)
    if block is not None and parse_instant(block.until) <= ledger.read_at:
        block = None
    posts, containers = _posts(ledger), _containers(ledger, app.settings.containers_per_day)
    calls = _calls(ledger, app.settings.calls_per_hour)
    return AccountState(
        account_id=account_id,
        username=facts.username or None if facts else None,
        posts=posts,
        containers=containers,
        calls=calls,
        block=block,
        token=_token(facts) if facts else None,
        warnings=_warnings(posts, containers, calls, block, facts, app.settings.warn_percent),
    )


def used_percent(app: App, ledger: Ledger) -> dict[str, float]:
    """How much of each budget is used or held, in percent."""
    posts, containers = _posts(ledger), _containers(ledger, app.settings.containers_per_day)
    return {
        "posts": 100 * (posts.used + posts.held) / max(1, posts.total),
        "containers": 100 * (containers.used + containers.reserved) / containers.limit,
        "calls": _calls(ledger, app.settings.calls_per_hour).percent,
    }


def _posts(ledger: Ledger) -> Posts:
    seen = ledger.quota
    is_fresh = seen is not None and ledger.read_at - parse_instant(seen.at) < DAY
    own = ledger.posted_within(DAY)
    used = max(len(own), seen.used if seen is not None and is_fresh else 0)
    total = seen.total if seen is not None else limits.QUOTA_TOTAL_ASSUMED.value
    held = len(ledger.slots)
    return Posts(
        used=used,
        total=total,
        held=held,
        left=max(0, total - used - held),
        seen_at=seen.at if seen is not None else None,
        frees_at=clock.to_text(own[0] + DAY) if own else None,
    )


def _containers(ledger: Ledger, limit: int) -> Containers:
    used, reserved = ledger.containers_used, ledger.containers_reserved
    frees_at = ledger.containers_free_at()
    return Containers(
        used=used,
        limit=limit,
        reserved=reserved,
        left=max(0, limit - used - reserved),
        frees_at=_text(frees_at),
    )


def _calls(ledger: Ledger, limit: int) -> Calls:
    is_told = ledger.usage is not None and ledger.usage_is_fresh
    return Calls(
        percent=100 if ledger.throttled_until else min(100, round(ledger.percent(limit))),
        source="headers" if is_told else "counted",
        made=ledger.calls_made,
        limit=limit,
        seen_at=ledger.usage.at if ledger.usage is not None and is_told else None,
        throttled_until=_text(ledger.throttled_until),
    )


def _token(facts: TokenFacts) -> Token:
    return Token(
        login=facts.login,
        expires_at=facts.expires_at,
        days_left=round(facts.days_left, 1) if facts.days_left is not None else None,
        trouble=facts.trouble,
    )


def _warnings(
    posts: Posts,
    containers: Containers,
    calls: Calls,
    block: Block | None,
    facts: TokenFacts | None,
    percent: int,
) -> list[str]:
    """Sentences about what is nearly used up, or stands in the way."""
    found = []
    if block is not None:
        found.append(f"{block.reason} Nothing is sent before {block.until}.")
    if (posts.used + posts.held) * 100 >= percent * posts.total:
        frees = f"; the next one frees at {posts.frees_at}" if posts.frees_at else ""
        held = f", {posts.held} held by runs under way" if posts.held else ""
        found.append(f"{posts.used} of {posts.total} posts of 24 hours are used{held}{frees}.")
    if (containers.used + containers.reserved) * 100 >= percent * containers.limit:
        frees = f"; some free at {containers.frees_at}" if containers.frees_at else ""
        reserved = f", {containers.reserved} reserved" if containers.reserved else ""
        found.append(
            f"{containers.used} of {containers.limit} containers of 24 hours are used"
            f"{reserved}{frees}."
        )
    if calls.throttled_until:
        found.append(f"Instagram refuses calls until about {calls.throttled_until}.")
    elif calls.percent >= percent:
        found.append(
            f"{calls.percent} % of the calls of an hour are used; new posts wait from 90 % on."
        )
    if facts is not None and facts.trouble:
        found.append(facts.trouble)
    return found


def _text(at: datetime | None) -> str | None:
    return clock.to_text(at) if at is not None else None
