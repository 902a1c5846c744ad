"""The page that asks a user whether an app may act for accounts, and its form.

Sources: business login (Meta, stamp 2026-03-13) puts it on www.instagram.com, the reference page
oauth-authorize (2025-07-17) on api.instagram.com; both are answered, and the root. The dialog of
Facebook (manual login flow, Meta, 2026) also asks for which Pages.
`force_reauth` and `enable_fb_login` are taken and change nothing, as nobody is logged in here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Protocol
from urllib.parse import parse_qs, parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.instagram.accounts import ACCOUNTS, Account
from sandbox.instagram.hosts import API_INSTAGRAM, VERSIONS, WWW_FACEBOOK, WWW_INSTAGRAM
from sandbox.instagram.oauth import LoginRefusedError
from sandbox.instagram.oauth import Request as Asked
from sandbox.instagram.pages import document
from sandbox.instagram.redaction import redact

INSTAGRAM_PATHS = tuple(
    f"{host}/oauth/authorize" for host in ("", f"/{WWW_INSTAGRAM}", f"/{API_INSTAGRAM}")
)
FACEBOOK_PATHS = tuple(
    f"/{WWW_FACEBOOK}{version}/dialog/oauth"
    for version in ("", *(f"/{version}" for version in VERSIONS))
)
_FORM_LIMIT = 64 * 1024


class Login(Protocol):
    """A kind of log-in: what may be asked for, and where the user goes after the answer."""

    scopes: Mapping[str, str]
    always_given: Collection[str]
    takes_several_accounts: bool

    def request(self, query: Mapping[str, str]) -> Asked:
        """Raises LoginRefusedError."""

    def allow(self, request: Asked, accounts: tuple[Account, ...], granted: Collection[str]) -> str:
        """Where the user goes with the code."""

    def cancel(self, request: Asked) -> str:
        """Where the user goes who refuses."""


def routes(login: Login, paths: Iterable[str]) -> list[Route]:
    async def ask(request: Request) -> Response:
        try:
            asked = login.request(dict(parse_qsl(request.url.query)))
        except LoginRefusedError as refusal:
            return _page(_refusal(str(refusal)), 400)
        return _page(_question(login, asked), form_action=f"'self' {_origin(asked.redirect_uri)}")

    async def decide(request: Request) -> Response:
        body = (await request.body())[:_FORM_LIMIT].decode("utf-8", "replace")
        try:
            target = _target(login, parse_qs(body, keep_blank_values=True))
        except LoginRefusedError as refusal:
            return _page(_refusal(str(refusal)), 400)
        return RedirectResponse(target, 302)

    return [
        Route(path, endpoint, methods=[method])
        for path in paths
        for method, endpoint in (("GET", ask), ("POST", decide))
    ]


def _target(login: Login, form: dict[str, list[str]]) -> str:
    """Where the user goes who has sent the form; raises LoginRefusedError."""
    one = {name: values[-1] for name, values in form.items()}
    asked = login.request(one)
    default = [] if login.takes_several_accounts else [ACCOUNTS[0].user_id]
    chosen = form.get("account", default)
    accounts = tuple(account for account in ACCOUNTS if account.user_id in chosen)
    is_choice = login.takes_several_accounts or len(accounts) == 1
    if one.get("decision") == "allow" and is_choice and len(accounts) == len(chosen):
        return login.allow(asked, accounts, form.get("granted", []))
    if one.get("decision") != "cancel":
        raise LoginRefusedError("The form came back incomplete.")
    return login.cancel(asked)


def _question(login: Login, asked: Asked) -> str:
    kept = {
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "response_type": "code",
        "scope": ",".join(asked.scopes),
    }
    kept |= {} if asked.state is None else {"state": asked.state}
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in kept.items()
    )
    several = login.takes_several_accounts
    accounts = "".join(
        f'<label><input type="{"checkbox" if several else "radio"}" name="account"'
        f' value="{account.user_id}"'
        f"{' checked' if several or account is ACCOUNTS[0] else ''}>"
        f" {escape(_shown(account, login))}</label>"
        for account in ACCOUNTS
    )
    scopes = "".join(
        f'<label><input type="checkbox" name="granted" value="{scope}" checked'
        f"{' disabled' if scope in login.always_given else ''}>"
        f" <span>{escape(login.scopes[scope])} <code>{scope}</code></span></label>"
        for scope in asked.scopes
    )
    return f"""<main class="consent">
<h1>Allow this app?</h1>
<p>App {escape(asked.client_id)} asks to act for you. You then go back to
{escape(_origin(asked.redirect_uri))}</p>
<form method="post">{hidden}
<fieldset><legend>{"Pages" if several else "Account"}</legend>{accounts}</fieldset>
<fieldset><legend>It may</legend>{scopes}</fieldset>
<p class="choice"><button name="decision" value="allow">Allow</button>
<button name="decision" value="cancel">Cancel</button></p>
</form>
</main>"""


def _shown(account: Account, login: Login) -> str:
    """With Facebook Login the user chooses Pages, which lead to the accounts."""
    if login.takes_several_accounts:
        return f"{account.page_name} ({account.username})"
    return account.username


def _refusal(sentence: str) -> str:
    return f"""<main class="consent">
<h1>This log-in cannot begin</h1>
<p>{escape(redact(sentence))}</p>
<p>The app that sent you here has to be corrected. On the simulated Instagram the app's id and its
redirect URIs stand in <code>GET /_control/config</code>.</p>
</main>"""


def _origin(uri: str) -> str:
    """What a policy header can say of an address. It knows neither IPv6 nor other schemes' hosts.

    Browsers also hold the form's redirect to it (Content Security Policy 3, form-action).
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or "[" in parts.netloc:
        return f"{parts.scheme}:"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _page(body: str, status: int = 200, *, form_action: str = "'none'") -> Response:
    headers = {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action {form_action}; "
            "frame-ancestors 'none'"
        ),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: browsers then send a form with the origin null, and only this machine's
        # own pages may send something.
        "Referrer-Policy": "same-origin",
    }
    html = document("Allow an app", body).encode("utf-8", "replace")
    return Response(html, status, headers, media_type="text/html")
