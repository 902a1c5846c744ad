"""What `postwright doctor` looks at: everything that decides whether a post of an account can work.

A check is a function from a `Visit` to findings, and `CHECKS` is the list of them. A check says
nothing about what it cannot know because an earlier one failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import httpx

from postwright import clock, limits
from postwright.breaker import unblock_command
from postwright.errors import PostwrightError, RateLimitedError, redact
from postwright.hosts import is_of_a_login, login_of
from postwright.instagram import Account, InstagramClient
from postwright.models import Job, Model, TokenFacts, parse_instant
from postwright.refreshing import ALARM_DAYS
from postwright.scopes import is_professional, missing_scopes
from postwright.tokens import Stored, facts_about, login_command

if TYPE_CHECKING:
    from postwright.app import App

_FETCHED: Final = (200, 206)
_ABSENT: Final = 404
_PROBE: Final = "`postwright doctor --probe-carousel`"


class Finding(Model):
    """What a check found, and what to do about it."""

    check: str
    status: Literal["ok", "warning", "problem"]
    sentence: str
    fix: str | None = None


@dataclass
class Visit:
    """One account, and what was found out about it so far."""

    app: App
    account_id: str
    account: Account | None = field(default=None, init=False)
    """What Instagram says to the token; None until it has, or where it refuses."""

    @cached_property
    def stored(self) -> Stored:
        """Raises TokenInvalidError when the parameters are not there."""
        return self.app.tokens.stored(self.account_id)

    @cached_property
    def facts(self) -> TokenFacts:
        return facts_about(self.stored, self.app.store.token_facts(self.account_id))

    def calling(self) -> AbstractContextManager[InstagramClient]:
        """A client for one call, made with the token that is stored now."""
        return self.app.calling(self.account_id, 1, "look", token_read_now=True)

    @cached_property
    def open_jobs(self) -> list[Job]:
        """Jobs of the account that are not over."""
        return [job for job in self.app.store.open_jobs() if job.account_id == self.account_id]

    @property
    def log_in(self) -> str:
        """The fix for whatever is wrong with a token."""
        return f"Run {login_command(self.account_id)}."


Check = Callable[[Visit], Iterator[Finding]]


def examine(app: App, account_id: str, checks: Sequence[Check] | None = None) -> list[Finding]:
    """The findings of all checks, in their order. It changes nothing and publishes nothing."""
    visit = Visit(app, account_id)
    found: list[Finding] = []
    for check in CHECKS if checks is None else checks:
        found += _findings(check, visit)
        if check is parameters and found[-1].status == "problem":
            found += [f for other in _WITHOUT_TOKEN for f in _findings(other, visit)]
            break
    return found


def _findings(check: Check, visit: Visit) -> list[Finding]:
    """A check that cannot be made is a problem itself."""
    try:
        return list(check(visit))
    except PostwrightError as error:
        sentence = error.sentence
    except Exception as error:  # whatever it is, the next check may still say something
        sentence = redact(f"It could not be looked at ({type(error).__name__}: {error}).")
    fix = "Mend this first; the other findings may follow from it."
    return [Finding(check=check.__name__, status="problem", sentence=sentence, fix=fix)]


def parameters(visit: Visit) -> Iterator[Finding]:
    """Token and user id are in the Parameter Store, and the token is encrypted."""
    name = visit.app.tokens.name(visit.account_id, "instagram-access-token")
    try:
        stored = visit.stored
    except PostwrightError as error:
        yield _problem("parameters", error.sentence, visit.log_in)
        return
    if not stored.is_encrypted:
        yield _warning(
            "parameters",
            f"{name} is no SecureString, so that whoever may list parameters can read the token.",
            f"Delete it with `postwright auth forget`, then run {login_command(visit.account_id)}.",
        )
        return
    yield _ok("parameters", f"{name} is there, in version {stored.version}, and so is the user id.")


def login(visit: Visit) -> Iterator[Finding]:
    """The login that the token comes from fits the host that takes it."""
    token = visit.stored.credentials.token
    host = urlsplit(visit.app.settings.graph_url).hostname or ""
    if host == "graph.facebook.com":
        yield _problem(
            "login",
            "POSTWRIGHT_GRAPH_URL names graph.facebook.com.",
            "Leave it at graph.instagram.com: tokens of Facebook Login go to their host by"
            " themselves.",
        )
    elif not is_of_a_login(token):
        yield _problem(
            "login",
            "The token begins neither with IG nor with EAA, so it is none of Instagram's.",
            visit.log_in,
        )
    else:
        yield _ok("login", f"The token is of {login_of(token).capitalize()} Login.")


def token(visit: Visit) -> Iterator[Finding]:
    """Instagram takes the token."""
    try:
        with visit.calling() as instagram:
            visit.account = instagram.account()
    except RateLimitedError:
        raise  # which says nothing about the token
    except PostwrightError as error:
        yield _problem("token", error.sentence, visit.log_in)
        return
    yield _ok("token", f"Instagram takes it: it is @{visit.account.username}'s.")


def user_id(visit: Visit) -> Iterator[Finding]:
    """The stored user id is that of the token's account."""
    if visit.account is None:
        return
    stored = visit.stored.credentials.user_id
    if visit.account.is_called(stored):
        yield _ok("user_id", f"{stored} is the token's account.")
    else:
        yield _problem(
            "user_id",
            f"The parameter says {stored}, and the token is for {visit.account.user_id}.",
            f"Put {visit.account.user_id} into"
            f" {visit.app.tokens.name(visit.account_id, 'instagram-user-id')}, or log in with the"
            " account that is meant.",
        )


def account_type(visit: Visit) -> Iterator[Finding]:
    """Only professional accounts can be published for."""
    if visit.account is None or not visit.account.account_type:
        return
    if is_professional(visit.account.account_type):
        yield _ok("account_type", f"{visit.account.account_type} can be published for.")
    else:
        yield _problem(
            "account_type",
            f"It is a {visit.account.account_type.lower()} account, and only professional ones can"
            " be published for.",
            "In the Instagram app: Settings, Account type and tools, Switch to professional"
            " account. Then log in again.",
        )


def permissions(visit: Visit) -> Iterator[Finding]:
    """What the account's owner allowed; where nobody noted it, reading the quota shows it."""
    if visit.account is None:
        return
    granted = visit.facts.scopes
    missing = missing_scopes(visit.facts.login, granted)
    if granted and missing:
        yield _problem(
            "permissions",
            f"Not allowed: {', '.join(missing)}.",
            f"{visit.log_in} Leave every permission ticked on the page that asks.",
        )
        return
    with visit.calling() as instagram:
        quota = instagram.quota()
    yield _ok(
        "permissions",
        f"It may publish; {quota.used} of {quota.total} posts of the last 24 hours are used.",
    )


def token_life(visit: Visit) -> Iterator[Finding]:
    """How long the tokens still work, and whether refreshing them goes wrong."""
    facts = visit.facts
    if facts.searching_days_left is not None:
        soon = facts.searching_days_left < ALARM_DAYS
        yield Finding(
            check="token_life",
            status="warning" if soon else "ok",
            sentence="The Facebook token for searches cannot be refreshed and ends in"
            f" {facts.searching_days_left:.0f} days.",
            fix=visit.log_in if soon else None,
        )
    if facts.days_left is None:
        yield _ok("token_life", "The token of a Page does not end by itself.")
        return
    bound = "at most " if facts.is_guess else ""
    left = f"It works for {bound}{facts.days_left:.0f} more days, until {facts.expires_at}."
    trouble = f" Since {facts.trouble_since}: {facts.trouble}" if facts.trouble else ""
    if facts.days_left < ALARM_DAYS:
        yield _problem("token_life", f"{left}{trouble}", visit.log_in)
    elif facts.trouble:
        yield _warning("token_life", f"{left}{trouble}", f"{visit.log_in} It is tried daily, too.")
    elif visit.app.settings.refresh == "manual":
        yield _warning("token_life", left, "Nobody refreshes it but `postwright auth refresh`.")
    else:
        yield _ok("token_life", left)


def scheduled_posts(visit: Visit) -> Iterator[Finding]:
    """Posts that wait for a time after the end of the token."""
    ends_at = visit.facts.expires_at
    waiting = [job for job in visit.open_jobs if job.request.publish_at and not job.started_at]
    late = [job for job in waiting if ends_at and (job.request.publish_at or "") >= ends_at]
    if late:
        yield _warning(
            "scheduled_posts",
            f"After the token ends on {ends_at}: {'; '.join(map(_named, late))}.",
            "They need a refresh before that. `postwright auth refresh` tells whether it works.",
        )
    else:
        yield _ok("scheduled_posts", f"{len(waiting)} wait, none for a time after the token's end.")


def unconfirmed_posts(visit: Visit) -> Iterator[Finding]:
    """Publishes that had no clear answer and that nobody has settled."""
    unclear = [job for job in visit.open_jobs if job.status == "unconfirmed"]
    if unclear:
        yield _warning(
            "unconfirmed_posts",
            f"It is not known whether these are live: {'; '.join(map(_named, unclear))}.",
            "`postwright reconcile JOB` looks at one and says what to do.",
        )
    else:
        yield _ok("unconfirmed_posts", "Of every post it is known whether it is live.")


def action_block(visit: Visit) -> Iterator[Finding]:
    """Whether nothing is sent because Instagram blocked an action."""
    block = visit.app.store.account_block(visit.account_id)
    if block is not None and parse_instant(block.until) > clock.now():
        yield _problem(
            "action_block",
            f"{block.reason} Nothing is sent before {block.until}.",
            "Look at the account in the Instagram app; then"
            f" {unblock_command(visit.account_id)} ends the pause.",
        )
    else:
        yield _ok("action_block", "Instagram blocks nothing that is known of.")


def bucket(visit: Visit) -> Iterator[Finding]:
    """Instagram can fetch media: a presigned URL is answered, without a redirect elsewhere."""
    media = visit.app.media
    key = media.any_key()
    url = httpx.URL(media.presign(key or "postwright-doctor"))
    request = visit.app.http.build_request(
        "GET",
        url.copy_with(query=None),  # httpx logs it
        headers={"Range": "bytes=0-0"},
        extensions={"target": url.raw_path},
    )
    try:
        with closing(visit.app.http.send(request, stream=True)) as answer:
            status, host = answer.status_code, url.host
    except httpx.HTTPError as error:
        yield _problem(
            "bucket",
            f"A presigned URL could not be fetched ({type(error).__name__}).",
            "Check that the bucket's address is reachable from outside of your network.",
        )
        return
    if status in _FETCHED or (key is None and status == _ABSENT):
        yield _ok("bucket", f"Presigned URLs work and lead to {host} without a redirect.")
    elif 300 <= status < 400:
        yield _problem(
            "bucket",
            f"{host} redirects presigned URLs (HTTP {status}), which Instagram may not follow.",
            "Set AWS_REGION to the region of the bucket.",
        )
    else:
        yield _problem(
            "bucket",
            f"{host} refuses presigned URLs (HTTP {status}).",
            "Whoever signs them needs s3:GetObject on the bucket, and must not be shut out by its"
            " policy.",
        )


def carousel_items(visit: Visit) -> Iterator[Finding]:
    """How many items a carousel may have, and where that comes from."""
    settings, found = visit.app.settings, visit.app.store.carousel_cap(visit.account_id)
    cap, is_set = settings.carousel_max, "carousel_max" in settings.model_fields_set
    if found is None:
        source = "as POSTWRIGHT_CAROUSEL_MAX says" if is_set else "Instagram's documented number"
        sentence = f"Carousels may have {cap} items, {source}."
        hint = (
            "" if cap > limits.CAROUSEL_MAX_ITEMS.value else f" {_PROBE} finds out whether 20 work."
        )
        yield _ok("carousel_items", f"{sentence}{hint}")
    elif is_set and cap != found.max_items:
        yield _warning(
            "carousel_items",
            f"POSTWRIGHT_CAROUSEL_MAX is {cap}, but on {found.checked_at} {found.max_items} were"
            " found to be the account's limit.",
            "Remove the setting to use what was found out, or keep it to have your own limit.",
        )
    else:
        sentence = f"Carousels may have {found.max_items} items, found out on {found.checked_at}."
        yield _ok("carousel_items", sentence)


CHECKS: Final[Sequence[Check]] = (
    parameters,
    login,
    token,
    user_id,
    account_type,
    permissions,
    token_life,
    scheduled_posts,
    unconfirmed_posts,
    action_block,
    carousel_items,
    bucket,
)
_WITHOUT_TOKEN: Final[Sequence[Check]] = (unconfirmed_posts, action_block, bucket)


def _named(job: Job) -> str:
    when = f" at {job.request.publish_at}" if job.request.publish_at else ""
    return f"{job.session_id}/{job.group_id}{when} (job {job.job_id})"


def _ok(check: str, sentence: str) -> Finding:
    return Finding(check=check, status="ok", sentence=sentence)


def _warning(check: str, sentence: str, fix: str) -> Finding:
    return Finding(check=check, status="warning", sentence=sentence, fix=fix)


def _problem(check: str, sentence: str, fix: str) -> Finding:
    return Finding(check=check, status="problem", sentence=sentence, fix=fix)
