"""What people see: the page of a post behind its permalink, and the grid of a profile.

Self-contained HTML without script. Every text from outside is escaped, and the policy header lets
nothing else in.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.instagram.accounts import ACCOUNTS, DEMO_ACCOUNT, Account
from sandbox.instagram.comments import Comment
from sandbox.instagram.posts import Media
from sandbox.instagram.redaction import redact

if TYPE_CHECKING:
    from sandbox.instagram.simulator import SimulatedInstagram

_STYLE = Path(__file__).with_name("pages.css")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ALLOWED_MEDIA_HEADERS = {"X-Content-Type-Options": "nosniff"}


def routes(instagram: SimulatedInstagram) -> list[Route]:
    async def home(_: Request) -> Response:
        return RedirectResponse(f"/{DEMO_ACCOUNT.username}/")

    async def post(request: Request) -> Response:
        found = instagram.post_at(request.url.path)
        if found is None:
            return _not_found()
        return _html(post_page(*found, instagram.comments_on(found[1])))

    async def profile(request: Request) -> Response:
        found = instagram.profile_named(request.url.path.strip("/"))
        return _html(profile_page(*found)) if found is not None else _not_found()

    async def add_slash(request: Request) -> Response:
        return RedirectResponse(f"{request.url.path}/", 301)

    async def style(_: Request) -> Response:
        return FileResponse(_STYLE, media_type="text/css")

    async def no_icon(_: Request) -> Response:
        return Response(status_code=204)

    return [
        Route("/", home),
        Route("/p/{shortcode}/", post),
        Route("/reel/{shortcode}/", post),
        Route("/p/{shortcode}", add_slash),
        Route("/reel/{shortcode}", add_slash),
        Route("/stories/{username}/{media_id}", post),
        *(Route(f"/{account.username}/", profile) for account in ACCOUNTS),
        *(Route(f"/{account.username}", add_slash) for account in ACCOUNTS),
        *_file_routes(instagram),
        Route("/_pages.css", style),
        Route("/favicon.ico", no_icon),
    ]


def _file_routes(instagram: SimulatedInstagram) -> list[Route]:
    async def media(request: Request) -> Response:
        file = instagram.file_of(request.path_params["media_id"])
        if file is None:
            return _not_found()
        return FileResponse(file.path, headers=_ALLOWED_MEDIA_HEADERS, media_type=file.content_type)

    async def thumbnail(request: Request) -> Response:
        file = instagram.file_of(request.path_params["media_id"])
        if file is None or file.thumbnail is None:
            return _not_found()
        return FileResponse(file.thumbnail, headers=_ALLOWED_MEDIA_HEADERS, media_type="image/jpeg")

    return [
        Route("/_media/{media_id}", media),
        Route("/_media/{media_id}/thumbnail", thumbnail),
    ]


def post_page(account: Account, post: Media, comments: list[Comment]) -> str:
    """The post with its media in order, caption, account, time and comments."""
    shown = post.children or (post,)
    items = "".join(
        f"<li>{_figure(media, number, len(shown))}</li>" for number, media in enumerate(shown, 1)
    )
    count = f'<p class="count">{len(shown)} items, scroll sideways</p>' if post.children else ""
    time = f'<time datetime="{post.published_at.isoformat()}">{_spoken_time(post)}</time>'
    name = escape(account.username)
    body = f"""<main class="post">
<section class="media" aria-label="Media">
<ol class="strip" tabindex="0">{items}</ol>{count}
</section>
<section class="words">
<header>{_avatar(account)}<a href="/{name}/">{name}</a></header>
<p class="caption" dir="auto">{_text(post.caption)}</p>
{_details(post)}
<p class="time">{time}</p>
{_listed(comments)}
</section>
</main>"""
    return document(f"{account.name} on the simulated Instagram", body)


def profile_page(account: Account, posts: list[Media]) -> str:
    """The account and its posts, newest first."""
    cells = "".join(f"<li>{_cell(post)}</li>" for post in posts)
    grid = f'<ol class="grid">{cells}</ol>' if posts else '<p class="empty">No posts yet.</p>'
    plural = "post" if len(posts) == 1 else "posts"
    body = f"""<main class="profile">
<header>{_avatar(account)}<div><h1>{escape(account.username)}</h1>
<p><strong>{escape(account.name)}</strong></p><p>{escape(account.biography)}</p>
<p>{len(posts)} {plural}</p></div></header>
{grid}
</main>"""
    return document(f"{account.username} on the simulated Instagram", body)


def _figure(media: Media, number: int, total: int) -> str:
    where = f"/_media/{media.id}"
    file = media.file
    size = f' width="{file.width}" height="{file.height}"' if file is not None else ""
    badge = f'<span class="badge">{number}/{total}</span>' if total > 1 else ""
    if media.media_type == "VIDEO":
        return (
            f'<video src="{where}" poster="{where}/thumbnail"{size} controls playsinline '
            f'preload="metadata" aria-label="Video {number} of {total}"></video>{badge}'
        )
    alt = _text(media.options.get("alt_text") or f"Image {number} of {total}")
    return f'<img src="{where}" alt="{alt}"{size}>{badge}'


def _cell(post: Media) -> str:
    first = post.children[0] if post.children else post
    is_video = first.media_type == "VIDEO"
    source = f"/_media/{first.id}/thumbnail" if is_video else f"/_media/{first.id}"
    kind = {"CAROUSEL_ALBUM": "Carousel", "VIDEO": "Reel"}.get(post.media_type, "")
    badge = f'<span class="badge">{kind}</span>' if kind else ""
    first_line = post.caption.strip().partition("\n")[0][:100]
    alt = _text(first.options.get("alt_text") or first_line or "Post without caption")
    return f'<a href="{post.path()}"><img src="{source}" alt="{alt}" loading="lazy">{badge}</a>'


def _details(post: Media) -> str:
    """Tags and place, as far as the post has them."""
    rows = []
    if collaborators := post.options.get("collaborators"):
        rows.append(("With", ", ".join(collaborators)))
    tagged = [tag["username"] for tag in post.options.get("user_tags") or []]
    if tagged:
        rows.append(("Tagged", ", ".join(str(name) for name in tagged)))
    if location := post.options.get("location_id"):
        rows.append(("Location id", location))
    if not rows:
        return ""
    listed = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows)
    return f"<dl>{listed}</dl>"


def _listed(comments: list[Comment]) -> str:
    if not comments:
        return ""
    rows = "".join(f"<li{_place(comment)}>{_said(comment)}</li>" for comment in comments)
    return f'<ol class="comments" aria-label="Comments">{rows}</ol>'


def _place(comment: Comment) -> str:
    return ' class="reply"' if comment.parent is not None else ""


def _said(comment: Comment) -> str:
    name = escape(comment.author.username)
    return f'<b>{name}</b> <span dir="auto">{_text(comment.text)}</span>'


def _avatar(account: Account) -> str:
    return f'<span class="avatar" aria-hidden="true">{escape(account.name[:1])}</span>'


def _text(text: str) -> str:
    return escape(redact(text))


def _spoken_time(post: Media) -> str:
    at = post.published_at
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def document(title: str, body: str) -> str:
    """A whole page around its main part."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="stylesheet" href="/_pages.css">
</head>
<body>
<p class="notice">Simulated Instagram, on this machine only</p>
{body}
</body>
</html>
"""


def _html(document: str, status: int = 200) -> Response:
    return Response(document.encode("utf-8", "replace"), status, _HEADERS, media_type="text/html")


def _not_found() -> Response:
    body = (
        '<main class="profile"><h1>This page is not available</h1>'
        "<p>Nothing was published here, or it was reset.</p></main>"
    )
    return _html(document("Page not available", body), 404)
