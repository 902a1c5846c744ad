"""A server on this machine for one answer: where Instagram sends the browser of who logs in.

Source: RFC 8252, OAuth 2.0 for native apps, section 7.3, for the address on the loopback interface.
"""

from __future__ import annotations

import queue
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, cast
from urllib.parse import urlsplit

from postwright import login
from postwright.cli.console import UsageError, warn
from postwright.errors import LoginFailedError
from postwright.login import Consent

_HOSTS: Final = ("127.0.0.1", "localhost")
_READ_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05
_STYLE: Final = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.25rem;"
    "color:#1f2328;background:#fff}h1{font-size:1.5rem}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}"
)
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src"
        f" 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}


@dataclass
class Callback:
    """The address that is listened at, and the one answer that came there."""

    consent: Consent
    netloc: str
    path: str
    answers: queue.Queue[str | LoginFailedError] = field(default_factory=queue.Queue)
    taken: threading.Lock = field(default_factory=threading.Lock)

    def code(self, wait_seconds: float) -> str:
        """The code, when it has come. Raises LoginFailedError: it was denied, or nobody answered.

        An answer to another question is refused and waited on: it may be somebody else's.
        """
        try:
            found = self.answers.get(timeout=wait_seconds)
        except queue.Empty:
            raise LoginFailedError(
                f"No answer came to {self.consent.redirect_uri} within {wait_seconds:g} seconds."
                f" {login.NOTHING_STORED} {login.AGAIN} If the browser is on another machine, leave"
                " --listen away and paste the address it is sent to."
            ) from None
        if isinstance(found, LoginFailedError):
            raise found
        return found


@contextmanager
def listening(consent: Consent) -> Iterator[Callback]:
    """Answers at the consent's redirect URI while the block is open.

    Raises UsageError when that is no address of this machine, or is taken.
    """
    netloc, port, path = _on_this_machine(consent.redirect_uri)
    try:
        server = ThreadingHTTPServer((_HOSTS[0], port), _Handler)
    except OSError as error:
        raise UsageError(
            f"Nothing can listen at port {port} ({error.strerror}). End what uses it, or register"
            " and name a redirect URI with another port."
        ) from error
    server.daemon_threads = True
    callback = Callback(consent, netloc, path)
    cast("Any", server).callback = callback
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield callback
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers GET at one path of one host; a connection that says nothing is ended."""

    timeout = _READ_SECONDS

    def do_GET(self) -> None:
        callback: Callback = self.server.callback  # type: ignore[attr-defined]  # set above
        path, _, query = self.path.partition("?")
        if self.headers.get_all("Host", []) != [callback.netloc]:
            self._answer(403, "Not for here", f"This server answers at {callback.netloc} only.")
        elif path != callback.path:
            self._answer(404, "Nothing here", "Only the address of the log-in is answered.")
        elif not callback.consent.is_answered_by(query):
            sentence = f"{login.OTHER_STATE} Open the address that the terminal shows."
            warn(f"An answer was refused. {sentence} Still waiting ..")
            self._answer(400, "Not this log-in", sentence)
        elif not callback.taken.acquire(blocking=False):
            self._answer(409, "Answered already", "This log-in has had its answer.")
        else:
            self._take(callback, query)

    def _take(self, callback: Callback, query: str) -> None:
        """The page goes out before the command goes on, which may end this process."""
        found: str | LoginFailedError
        try:
            found = callback.consent.code_of(query)
        except LoginFailedError as error:
            found = error
        try:
            if isinstance(found, LoginFailedError):
                self._answer(200, "Not logged in", found.sentence)
            else:
                self._answer(
                    200, "Allowed", "You can close this page; the rest is told in the terminal."
                )
        finally:
            callback.answers.put(found)

    def _answer(self, status: int, title: str, sentence: str) -> None:
        shown = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence))
        body = (
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport"'
            f' content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style>'
            f"</head><body><main><h1>{escape(title)}</h1><p>{shown}</p></main></body>"
            "</html>"
        ).encode()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is inherited
        """Nothing: the line would hold the code."""


def _on_this_machine(uri: str) -> tuple[str, int, str]:
    """Host with port, port, and path of a redirect URI that can be listened at."""
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    usable = parts.scheme == "http" and parts.hostname in _HOSTS and not parts.query
    if not usable or not port:
        raise UsageError(
            "--listen needs a --redirect-uri on this machine, such as"
            " http://127.0.0.1:8765/callback, that is registered in the app's dashboard."
        )
    return parts.netloc, port, parts.path or "/"
