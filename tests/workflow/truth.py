"""What must hold after every test, whatever happened in it."""

from __future__ import annotations

from tests.workflow.workbench import PostGroup, Workbench, hashes_of


def assert_records_are_true(bench: Workbench) -> None:
    """Each group of the test is live at most once, as it was put in, and the table says what is."""
    for group in bench.groups:
        assert_record_is_true(bench, group)


def assert_record_is_true(bench: Workbench, group: PostGroup) -> None:
    posts, record = bench.posts_of(group), bench.record(group)
    assert len(posts) <= 1, f"{group.group_id} is live {len(posts)} times"
    if not posts:
        assert record.publish_status != "published"
        assert (record.instagram_post_id, record.permalink) == (None, None)
        return
    post = posts[0]
    assert hashes_of(post) == group.hashes
    assert post["caption"] == group.caption
    assert record.publish_status == "published"
    assert (record.instagram_post_id, record.permalink) == (post["id"], post["permalink"])
    assert record.active_job_id is not None
    status = bench.status(record.active_job_id)
    told = {
        "jobId": record.active_job_id,
        "sessionId": group.session_id,
        "groupId": group.group_id,
        "status": "published",
        "phase": "published",
        "progress": {"completed": steps(group), "total": steps(group)},
        "instagramPostId": post["id"],
        "permalink": post["permalink"],
        "error": None,
    }
    assert {name: status[name] for name in told} == told
    assert [item["state"] for item in status["items"]] == ["ready"] * len(group.files)


def steps(group: PostGroup) -> int:
    """Each item is created and ready; a carousel's parent is ready; the post is published."""
    items = len(group.files)
    return 2 * items + (2 if items > 1 else 1)
