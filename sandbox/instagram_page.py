"""`docs/simulated-instagram.md`, written from the code; `docs.generate` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from sandbox.instagram.accounts import ACCOUNTS, DEMO_PERSON
from sandbox.instagram.config import Config
from sandbox.instagram.conflicts import CONFLICTS
from sandbox.instagram.faults import Fault
from sandbox.instagram.not_imitated import NOT_IMITATED
from sandbox.instagram.open_questions import OPEN_QUESTIONS
from sandbox.instagram.processing import Processing
from sandbox.instagram.served import (
    CONTROL_ROUTES,
    FAULT_FIELDS,
    GRAPH_ROUTES,
    PAGES,
    PROCESSING_FIELDS,
    TOKEN_FIELDS,
    TOKEN_ROUTES,
    Served,
)
from sandbox.instagram.stances import Stance
from sandbox.instagram.token_book import TokenChange

_HEAD = """# The simulated Instagram

The publishing part of Instagram's Graph API over real HTTP, for any client. It keeps accounts,
containers, posts and comments, shares one clock with the sandbox, fetches every image and video
from where the container says, judges the bytes, and refuses with Instagram's own codes. It comes
with the sandbox, or alone: `python -m sandbox.instagram --port 8081`.

This page is written from [the code](../sandbox/instagram) by `make docs`;
change it there.

One origin stands for all hosts: the host may be the first part of a path, as in
`/graph.facebook.com/v25.0/...`; without it, it is graph.instagram.com. Versions run from v21.0 to
v26.0 and may be left out. A token of Instagram begins with IG, one of Facebook with EAA, and each
works on its own host alone. These open nothing real:
"""
_CONFIG = """## What can be set

`POST /_control/config` takes any of these keys. `tokens` is one more: it maps a token, whole or as
`GET /_control/config` shows it, to `ok`, `expired`, `revoked`, or an object.
"""
_SCRIPT = """## What can go wrong

Faults happen in the order of the script; a call takes the first one that fits and is not used up.
Seconds and minutes are simulated ones. Without `error`, `status`, `body` or `answer` the real
answer comes.

```json
{"faults": [
  {"call": "create", "match": "02-photo", "error": [9004, 2207052], "times": 2},
  {"call": "publish", "error": [4, 2207051], "http_status": 403, "effect": "first"},
  {"call": "status", "error": [100, 33], "times": 5},
  {"call": "publish", "answer": "reset", "effect": "late", "late_seconds": 60}
]}
```
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield _HEAD
    yield _table(
        ("Account", "`user_id`", "Token of Instagram", "Token of its Page"),
        ([a.username, a.user_id, f"`{a.token}`", f"`{a.page_token}`"] for a in ACCOUNTS),
    )
    yield (
        f"{DEMO_PERSON.name} has both Pages, with the Facebook user token `{DEMO_PERSON.token}`.\n"
    )
    yield "## What it serves\n"
    yield _routes("Graph", GRAPH_ROUTES)
    yield _routes("Log-in and tokens", TOKEN_ROUTES)
    yield _routes("Pages, for your browser", PAGES)
    yield _routes("Control, which Instagram does not have", CONTROL_ROUTES)
    yield _CONFIG
    yield _fields("Key", Config, {})
    yield "The keys of `image`, `video` and `carousel`:\n"
    yield _fields("Key", Processing, PROCESSING_FIELDS)
    yield "The keys of a token:\n"
    yield _fields("Key", TokenChange, TOKEN_FIELDS)
    yield _SCRIPT
    yield _fields("Field", Fault, FAULT_FIELDS)
    yield "## Where sources disagree\n"
    yield _table(
        ("Topic", "What sources say", "Here", "To change it"),
        ([s.topic, _sides(s), s.ours, _switch(s)] for s in CONFLICTS),
    )
    yield "## What nobody has established\n"
    head = ("Topic", "Here", "To change it")
    yield _table(head, ([s.topic, s.ours, _switch(s)] for s in OPEN_QUESTIONS))
    yield "## What it does not imitate\n"
    yield _table(head, ([s.topic, s.ours, _switch(s)] for s in NOT_IMITATED))


def _routes(title: str, routes: Sequence[Served]) -> str:
    if any(route.hosts for route in routes):
        head: tuple[str, ...] = (title, "Host", "Does")
        return _table(head, ([_route(r), ", ".join(r.hosts) or "both", r.does] for r in routes))
    return _table((title, "Does"), ([_route(r), r.does] for r in routes))


def _route(served: Served) -> str:
    return f"`{served.method} {served.path}`"


def _fields(title: str, model: type[BaseModel], meanings: Mapping[str, str]) -> str:
    """The fields of a model; their meanings are given, or their docstrings."""
    schema = model.model_json_schema()
    properties = schema["properties"]
    rows = []
    for name, field in model.model_fields.items():
        meaning = meanings.get(name) or field.description
        if meaning is None:
            raise ValueError(f"{model.__name__}.{name} has no description")
        values = [f"`{value}`" for value in _values(properties[name], schema.get("$defs", {}))]
        told = all(value in meaning for value in values)
        choices = "" if told else f" One of {', '.join(values)}."
        default = "required" if field.is_required() else _default(field.default)
        rows.append([f"`{name}`", default, f"{meaning}{choices}"])
    return _table((title, "Default", "Meaning"), rows)


def _values(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> list[object]:
    """Those that a field may have, when they can be counted."""
    ways = [schema, *schema.get("anyOf", [])]
    ways += [defs[way["$ref"].rpartition("/")[2]] for way in list(ways) if "$ref" in way]
    return [value for way in ways for value in way.get("enum", [])]


def _default(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    text = json.dumps(value, default=str)
    return f"`{text}`" if value != () else ""


def _sides(stance: Stance) -> str:
    return "<br>".join(stance.sides)


def _switch(stance: Stance) -> str:
    ways = [f"config {_listed(stance.keys)}"] if stance.keys else []
    ways += [f"a fault's {_listed(stance.faults)}"] if stance.faults else []
    return "; ".join(ways) or f"Not at all. {stance.fixed}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
