"""The table in memory does what moto's DynamoDB does, for everything that the store asks of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, cast

import pytest

from postwright.models import (
    Attempt,
    Block,
    Container,
    Fence,
    Group,
    Job,
    PublishRequest,
    Ref,
    Session,
    Slot,
    TokenFacts,
)
from postwright.store import ConditionFailedError, Store
from tests.chaos.explorer.table import Table
from tests.unit.core_world import World

pytest_plugins = ("tests.unit.core_fixtures",)

NOW = "2026-12-01T09:00:00.000Z"
STEPS = 120
_Step = Callable[[Store], object]


def ref(dice: random.Random) -> Ref:
    return Ref(
        session_id="s",
        group_id=dice.choice(["g1", "g2"]),
        job_id=dice.choice(["a", "b"]),
    )


def job(of: Ref) -> Job:
    return Job(
        job_id=of.job_id,
        session_id="s",
        group_id=of.group_id,
        account_id="default",
        request=PublishRequest(session_id="s", group_id=of.group_id),
        created_at=NOW,
        updated_at=NOW,
    )


def attempt(of: Ref, dice: random.Random) -> Attempt:
    return Attempt(
        seq=dice.randint(1, 3),
        job_id=of.job_id,
        n=dice.randint(1, 2),
        container_id="1",
        ig_user_id="2",
        caption_hash=dice.choice(["x", "y"]),
        sent_at=NOW,
        state=dice.choice(["open", "not_published", "resend_allowed"]),
    )


def step(dice: random.Random) -> _Step:
    """Something that any function may ask of the store, at any time."""
    of, other = ref(dice), ref(dice)
    fence = Fence(session_id="s", group_id=of.group_id, publish_status="publishing")
    previous = dice.choice([None, attempt(of, dice)])
    caption, media, n = dice.choice(["x", "y"]), dice.choice(["7", None]), dice.randint(1, 2)
    seq, status = dice.randint(1, 3), dice.choice(["failed", "unconfirmed", "published"])
    read = fence.model_copy(update={"attempt": previous, "publish_status": "publishing"})
    changes: dict[str, Any] = {"status": status, "phase": status, "error": {"type": "X"}}
    block = Block(since=NOW, until=f"2026-12-0{dice.randint(1, 9)}T09:00:00.000Z", reason="x")
    group = Group(session_id="s", group_id=of.group_id, name="G")
    container = Container(state="created", id=str(n))
    slot = Slot(session_id="s", taken_at=NOW, containers=n)
    facts = TokenFacts(login="instagram", user_id="1", issued_at=NOW, parameter_version=n)
    new, released = attempt(of, dice), dice.random() < 0.5
    return dice.choice(
        [
            lambda store: store.put_session(
                Session(session_id="s", name="S", step="publish", created_at=NOW)
            ),
            lambda store: store.put_new_group(group),
            lambda store: store.claim(fence, job(of)),
            lambda store: store.take_back(of, "failed"),
            lambda store: store.take_back(of, "unconfirmed"),
            lambda store: store.open_attempt(of, new, previous),
            lambda store: store.refuse(of, seq, n),
            lambda store: store.note_answer(of, seq, "4/1"),
            lambda store: store.claim_media(of, "2", "7"),
            lambda store: store.media_owner("default", "7"),
            lambda store: store.succeed(of, media),
            lambda store: store.allow_resend(of, seq),
            lambda store: store.close_group(read, of, cast(Any, status), changes, release=released),
            lambda store: store.disprove(of, seq, "anna", changes, release=released),
            lambda store: store.set_permalink(of, "https://x/"),
            lambda store: store.lock_caption(other, caption),
            lambda store: store.free_caption(of, caption),
            lambda store: store.block_account("default", block),
            lambda store: store.account_block("default"),
            lambda store: store.put_token_facts("default", facts),
            lambda store: store.token_facts("default"),
            lambda store: store.forget_token_facts("default"),
            lambda store: store.ledger("default").version,
            lambda store: store.count("default", {"calls#20261201T0900Z": n}).calls,
            lambda store: store.count("default", {"version": 1}, version=n - 1).version,
            lambda store: (
                store.count(
                    "default", {"made#20261201T0900Z": 1}, reserved_by=of.job_id, reserved=n - 2
                ).slots
            ),
            lambda store: store.hold_slot("default", of.job_id, n - 1, slot, {"askAgainAt": None}),
            lambda store: store.free_slot("default", of.job_id, {"askAgainAt": NOW}),
            lambda store: store.update_job(of, **changes),
            lambda store: store.put_container(of, "0", container),
            lambda store: store.leave_open_jobs(of),
            lambda store: sorted(found.job_id for found in store.open_jobs()),
            lambda store: store.fence("s", of.group_id),
            lambda store: store.find_job(of.job_id),
        ]
    )


def outcome(action: _Step, store: Store) -> str:
    try:
        return repr(action(store))
    except ConditionFailedError:
        return "the condition failed"
    except Exception as error:
        if type(error).__name__ != "ConditionalCheckFailedException":
            raise
        return "the condition failed, and nobody expected it"


def items_of(world: World) -> dict[tuple[str, str], Any]:
    answer = world.cloud.dynamodb.scan(TableName=world.app.settings.table)
    return {(item["PK"]["S"], item["SK"]["S"]): item for item in answer["Items"]}


@pytest.mark.parametrize("seed", range(8))
def test_the_same_steps_have_the_same_outcomes_and_leave_the_same_items(
    world: World, seed: int
) -> None:
    dice, table = random.Random(seed), Table()  # noqa: S311  chooses, guards nothing
    in_memory = Store(cast(Any, table), "any")
    held = 0

    for number in range(STEPS):
        action = step(dice)
        mine, theirs = outcome(action, in_memory), outcome(action, world.store)
        assert mine == theirs, f"step {number}"
        held += "failed" not in mine

    assert table.items | table.aside == items_of(world)
    assert 0 < held < STEPS
