"""What functions make when they first need it, made once for all workers: they are copies."""

from __future__ import annotations

from collections.abc import Iterator

from postwright import app
from postwright.models import Model


def parts() -> None:
    """Make clients, connections and the validation of every model that is imported by now."""
    made = app.current()
    for part in (made.store, made.media, made.tokens, made.executions, made.histories):
        part.connect_now()
    _ = made.http
    for model in _kinds_of(Model):
        model.model_rebuild()


def _kinds_of(model: type[Model]) -> Iterator[type[Model]]:
    for kind in model.__subclasses__():
        yield kind
        yield from _kinds_of(kind)
