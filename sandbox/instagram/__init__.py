"""A simulated Instagram: the publishing part of the Graph API with Instagram Login, over real HTTP.

It keeps state, runs on the sandbox's clock, fetches and judges the media itself, and shows what was
published as pages. What can be set, and the fault script, stand in `docs/simulated-instagram.md`.

Not imitated, in short (the whole list with reasons is `not_imitated.py`):
- Transcoding and covers: media is served byte for byte as it was fetched.
- Whether tagged users, collaborators and real locations exist; other people and what they do.
- robots.txt, spam detection and every other judgement on content.
- Insights, webhooks, messaging.
- Exact texts: codes, subcodes, types and HTTP statuses are Instagram's where they are known.

Where to look:
- a call comes in: routes, calls, hosts, answering, dispatch, parameters, fields; request_log,
  redaction
- what it does: creating (container_rules, options), working, publishing, reading (nodes, paging),
  commenting, editing, locations, hashtags; errors, error_texts
- what there is: simulator, world, containers, posts, comments, accounts, usage, ids, keep,
  hashtag_world, hashtag_searches
- log-in: consent, oauth (by Instagram), facebook_login and facebook, tokens, token_book,
  scopes
- media: media_door fetches, uploads takes, media_judge decides, processing says how long it takes
- going wrong on purpose: faults (the script), fault_rules, misbehaving, wire, scripted_errors
- for people and tests: pages, control, config (bounds), served; stances and its three lists

Where Meta's pages and practice disagree, `conflicts.py` says who says what, which side is the
default and how to switch; where no source says anything, `open_questions.py` does.
"""

from sandbox.instagram.accounts import (
    DEMO_ACCOUNT,
    DEMO_PERSON,
    SECOND_ACCOUNT,
    Account,
    Person,
)
from sandbox.instagram.routes import application
from sandbox.instagram.simulator import SimulatedInstagram

__all__ = [
    "DEMO_ACCOUNT",
    "DEMO_PERSON",
    "SECOND_ACCOUNT",
    "Account",
    "Person",
    "SimulatedInstagram",
    "application",
]
