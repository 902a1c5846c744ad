"""A loopback server that answers as no proper HTTP server would."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, threading.Event], None]
"""Writes to the connection; the event is set when the server ends."""

_DRIPS = 1000


@dataclass
class RawServer:
    """`requests` holds every request as it arrived, head and body."""

    origin: str
    requests: list[bytes] = field(default_factory=list)

    def heads(self) -> list[str]:
        """The first line of each request."""
        return [request.split(b"\r\n", 1)[0].decode() for request in self.requests]

    def wait_for_request(self) -> None:
        """Return once a request has arrived whole, within ten seconds."""
        pause = threading.Event()
        for _ in range(5000):
            if self.requests:
                return
            pause.wait(0.002)
        raise AssertionError("no request came")


def ok(body: str, *, content_type: str = "application/json", status: str = "200 OK") -> bytes:
    """A whole answer."""
    content = body.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + content


def drip(head: bytes, byte: bytes = b" ") -> Answer:
    """Send `head`, then one byte after the other, each in time, never to an end."""

    def answer(connection: socket.socket, closed: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(_DRIPS):
            if closed.wait(0.01):
                return
            connection.sendall(byte)

    return answer


def silence(_: socket.socket, closed: threading.Event) -> None:
    """Say nothing until the server ends."""
    closed.wait(20)


def reset(connection: socket.socket, _: threading.Event) -> None:
    """End the connection as a crash does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@contextmanager
def serving(*answers: bytes | Answer, reads: bool = True) -> Iterator[RawServer]:
    """One answer per request, the last one for all that follow.

    Without `reads` an answer begins as soon as somebody connects.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    server = RawServer(f"http://127.0.0.1:{listening.getsockname()[1]}")
    closed = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                thread = threading.Thread(target=serve, args=(connection,))
                threads.append(thread)
                thread.start()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(20)
            server.requests.append(_read_request(connection) if reads else b"")
            answer = answers[min(len(server.requests), len(answers)) - 1]
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection, closed)

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        closed.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(10)
        for thread in threads:
            thread.join(10)


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _receive(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += _receive(connection)
    return head + b"\r\n\r\n" + body


def _receive(connection: socket.socket) -> bytes:
    chunk = connection.recv(65536)
    if not chunk:
        raise ConnectionError("the client left")
    return chunk
