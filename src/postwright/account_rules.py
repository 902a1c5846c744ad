"""What an account needs before anything is published with it, as rules in the form of those for
media: all problems at once, each with what was found, what is allowed and the fix.

What nobody knows of a token is no problem: Instagram says so itself when it is asked.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from postwright import accounts, budgets, clock, limits
from postwright.accounts import AccountState
from postwright.app import App
from postwright.breaker import unblock_command
from postwright.errors import InvalidPostError, PostwrightError, TokenInvalidError
from postwright.hosts import TOKEN_BEGINNINGS, is_of_a_login
from postwright.limits import Limit
from postwright.models import Problem, TokenFacts, parse_instant
from postwright.preflight.rules import Finding, Rule
from postwright.scopes import PROFESSIONAL, SCOPES, is_professional, missing_scopes
from postwright.tokens import Stored, facts_about, login_command

_LOGIN_PAGES = "Instagram Platform, business login"
_PUBLISHING_GUIDE = "Instagram Platform, content publishing guide"
_RATE_LIMITS = "Graph API, rate limits"
_READ = date(2026, 9, 11)

TOKEN_THERE: Final = Limit("both", "token and user id", "ours: both are needed", _READ)
TOKEN_BEGINS: Final = Limit(TOKEN_BEGINNINGS, "how it begins", "field reports", _READ)
TOKEN_LEAST_LIFE: Final = Limit(
    timedelta(hours=1), "left", "ours: the longest that a video may be processed", _READ
)
TOKEN_SCOPES: Final = Limit(
    {login: missing_scopes(login, ()) for login in SCOPES}, "permissions", _LOGIN_PAGES, _READ
)
ACCOUNT_TYPES: Final = Limit(PROFESSIONAL, "account types", "Instagram Platform, /me", _READ)
ACCOUNT_USER: Final = Limit("the same", "user id", "Instagram Platform, /me", _READ)
POSTS_LEFT: Final = Limit(1, "post left", _PUBLISHING_GUIDE, _READ)
ACTION_BLOCKS: Final = Limit(
    0, "action blocks", "public logs of 2026-04-25 to 2026-09-05: each try makes one longer", _READ
)
CALLS_USED: Final = Limit(budgets.LEVELS["new"], "% of the calls", _RATE_LIMITS, _READ)


@dataclass(frozen=True)
class TokenView:
    """A stored token, and what is known of it."""

    account_id: str
    stored: Stored
    facts: TokenFacts

    @property
    def log_in(self) -> str:
        return _log_in(self.account_id)


@dataclass(frozen=True)
class Wish:
    """What somebody wants of an account: a post that takes so many containers."""

    state: AccountState
    containers: int


def _family(view: TokenView) -> Finding | None:
    if is_of_a_login(view.stored.credentials.token):
        return None
    return Finding("a token of neither login", "one that begins with IG or EAA", view.log_in)


def _life(view: TokenView) -> Finding | None:
    ends_at = view.facts.expires_at
    if ends_at is None or view.facts.is_guess:
        return None
    if parse_instant(ends_at) - clock.now() > TOKEN_LEAST_LIFE.value:
        return None
    return Finding(f"a token that ends at {ends_at}", "one with an hour left at least", view.log_in)


def _scopes(view: TokenView) -> Finding | None:
    granted = view.facts.scopes
    missing = missing_scopes(view.facts.login, granted)
    if not granted or not missing:
        return None
    return Finding(
        f"no permission {', '.join(missing)}",
        ", ".join(TOKEN_SCOPES.value[view.facts.login]),
        f"{view.log_in} and leave every permission ticked",
    )


def _type(view: TokenView) -> Finding | None:
    found = view.facts.account_type
    if not found or is_professional(found):
        return None
    return Finding(
        f"a {found.lower()} account",
        "a business or creator account",
        "switch it in the Instagram app (Settings, Account type and tools)",
    )


def _user(view: TokenView) -> Finding | None:
    stored, known = view.stored.credentials.user_id, view.facts.user_id
    if view.facts.is_guess or stored == known:
        return None
    return Finding(f"the user id {stored}", f"{known}, whose token it is", view.log_in)


def _posts(wish: Wish) -> Finding | None:
    posts = wish.state.posts
    if posts.left >= POSTS_LEFT.value:
        return None
    return Finding(
        f"{posts.used} posts used and {posts.held} held by runs under way",
        f"{posts.total} posts in 24 hours",
        _when(posts.frees_at),
    )


def _containers(wish: Wish) -> Finding | None:
    containers = wish.state.containers
    if containers.left >= wish.containers:
        return None
    return Finding(
        f"{containers.used} containers used, {containers.reserved} reserved and"
        f" {wish.containers} needed",
        f"{containers.limit} containers in 24 hours",
        _when(containers.frees_at),
    )


def _block(wish: Wish) -> Finding | None:
    block = wish.state.block
    if block is None:
        return None
    return Finding(
        f"an action block since {block.since}",
        "none",
        f"clear it in the Instagram app, and wait until {block.until} or run"
        f" {unblock_command(wish.state.account_id)}",
    )


def _calls(wish: Wish) -> Finding | None:
    calls = wish.state.calls
    if calls.percent < CALLS_USED.value:
        return None
    return Finding(
        f"{calls.percent} % of the calls used",
        f"less than {CALLS_USED.value:.0f} %",
        _when(calls.throttled_until),
    )


def _log_in(account_id: str) -> str:
    """The fix for whatever is wrong with a token."""
    return f"run {login_command(account_id)}"


def _when(at: str | None) -> str:
    return f"wait until about {at}" if at else "wait an hour, then try again"


TOKEN_RULES: Final[tuple[Rule[TokenView], ...]] = (
    Rule("token-family", TOKEN_BEGINS, _family, "190"),
    Rule("token-life", TOKEN_LEAST_LIFE, _life, "190"),
    Rule("token-permissions", TOKEN_SCOPES, _scopes, "10 or 200"),
    Rule("account-type", ACCOUNT_TYPES, _type, "100/33"),
    Rule("account-user", ACCOUNT_USER, _user, "100/33"),
)
BUDGET_RULES: Final[tuple[Rule[Wish], ...]] = (
    Rule("posts-left", POSTS_LEFT, _posts, "9/2207042 at the publish call"),
    Rule("containers-left", limits.CONTAINERS_PER_DAY, _containers, "not documented"),
    Rule("action-block", ACTION_BLOCKS, _block, "4/2207051"),
    Rule("calls-left", CALLS_USED, _calls, "4 or 80002"),
)


def account_problems(app: App, account_id: str, containers_needed: int) -> list[Problem]:
    """Everything that keeps a post of so many containers from being published with an account now.

    Instagram is asked how many posts are left; where it does not answer, what it said last counts.
    """
    found = token_problems(app, account_id)
    if not found:
        with suppress(PostwrightError):
            accounts.read_quota(app, account_id)
    wish = Wish(accounts.state_of(app, account_id), containers_needed)
    return found + _problems(BUDGET_RULES, wish, account_id)


def token_problems(app: App, account_id: str) -> list[Problem]:
    """What is wrong with an account's token, as far as it can be known without Instagram."""
    try:
        stored = app.tokens.stored(account_id)
    except TokenInvalidError:
        found = Finding("no token or no user id", "both", _log_in(account_id))
        return [_problem(account_id, "token-stored", found)]
    return _of_token(app, account_id, stored)


def require_token(app: App, account_id: str) -> None:
    """Raise InvalidPostError with everything that is wrong with the account's token."""
    found = token_problems(app, account_id)
    if found:
        raise InvalidPostError("The account cannot publish.", problems=found)


def check_token(app: App, account_id: str) -> None:
    """Raise TokenInvalidError with everything that is wrong with the account's token."""
    found = _of_token(app, account_id, app.tokens.stored(account_id))
    if found:
        wrong = "; ".join(f"found {one.found}, allowed {one.allowed}. {one.fix}" for one in found)
        raise TokenInvalidError(f"The account {account_id} cannot publish: {wrong}")


def _of_token(app: App, account_id: str, stored: Stored) -> list[Problem]:
    facts = facts_about(stored, app.store.token_facts(account_id))
    return _problems(TOKEN_RULES, TokenView(account_id, stored, facts), account_id)


def _problems(rules: tuple[Rule[Any], ...], facts: Any, account_id: str) -> list[Problem]:
    findings = [(rule.id, rule.check(facts)) for rule in rules]
    return [_problem(account_id, name, found) for name, found in findings if found is not None]


def _problem(account_id: str, rule: str, finding: Finding) -> Problem:
    return Problem(
        item=f"account {account_id}",
        rule=rule,
        found=finding.found,
        allowed=finding.allowed,
        fix=f"{finding.fix[:1].upper()}{finding.fix[1:]}.",
    )
