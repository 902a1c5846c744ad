"""The circuit breaker of an account: after an action block nothing is sent for a day.

Trying on makes a block longer; such blocks last from hours to several days. Source: public logs of
2026-04-25 to 2026-09-05, collected for 4/2207051.
"""

from __future__ import annotations

from typing import Final

from postwright import clock
from postwright.errors import AccountBlockedError
from postwright.failures import GraphFailure
from postwright.models import Block, parse_instant
from postwright.store import Store
from postwright.tokens import account_option

_BLOCKS: Final = {(4, 2207051), (25, 2207050)}
_BLOCK_CODES: Final = {368}


def is_action_block(failure: GraphFailure) -> bool:
    """Whether Instagram said that the account does too much, or does what it may not."""
    return (failure.code, failure.subcode) in _BLOCKS or failure.code in _BLOCK_CODES


def trip(store: Store, account_id: str, failure: GraphFailure, hours: float) -> None:
    """Keep the account from sending for so many hours from now; a longer block stays."""
    row = failure.row
    block = Block(
        since=clock.to_text(clock.now()),
        until=clock.to_text(clock.in_seconds(hours * 3600)),
        reason=row.sentence if row else "Instagram blocked an action of the account.",
        code=failure.code,
        subcode=failure.subcode,
    )
    store.block_account(account_id, block)


def check(store: Store, account_id: str) -> None:
    """Raise AccountBlockedError while the account is kept from sending."""
    block = store.account_block(account_id)
    if block is None or parse_instant(block.until) <= clock.now():
        return
    raise AccountBlockedError(
        f"{block.reason} That was at {block.since}. Nothing is sent before {block.until}, because"
        " every try makes a block longer; when the owner has cleared it,"
        f" {unblock_command(account_id)} ends the pause.",
        code=block.code,
        subcode=block.subcode,
    )


def unblock_command(account_id: str) -> str:
    """What to type when the account's owner has cleared a block."""
    return f"`postwright unblock{account_option(account_id)}`"
