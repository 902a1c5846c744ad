"""A pipeline that writes sessions and post groups into a sandbox, as somebody's own would."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from postwright import clock
from postwright.media import MediaBucket
from postwright.models import Description, Group, MediaItem, Session, TokenFacts, now_text
from postwright.store import Store
from sandbox.instagram import DEMO_ACCOUNT, SECOND_ACCOUNT
from sandbox.names import ACCESS_KEY, BUCKET, REGION, TABLE
from sandbox.samples import SAMPLES_DIR

SEA, DUNES, WAVES = (SAMPLES_DIR / name for name in ("02-sea.jpg", "01-dunes.jpg", "07-waves.mp4"))
ALT_TEXT = "What is in the picture"


class Pipeline:
    """Writes into the AWS at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        session = boto3.session.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
        self._store = Store(session.client("dynamodb", endpoint_url=endpoint), TABLE)
        self._media = MediaBucket(session.client("s3", endpoint_url=endpoint), BUCKET, 60)
        self._uploaded: set[tuple[str, Path]] = set()

    def session(self, session_id: str, name: str = "") -> None:
        self._store.put_session(
            Session(
                session_id=session_id,
                name=name or session_id,
                step="publish",
                created_at=now_text(),
            )
        )

    def group(
        self,
        session_id: str,
        group_id: str,
        files: Sequence[Path] = (SEA,),
        *,
        name: str = "",
        caption: str = "Two days by the sea",
        hashtags: Sequence[str] = (),
        location_tag: str | None = None,
        account_id: str | None = None,
    ) -> None:
        """Upload the files that the session does not have yet, and write the group."""
        for file in files:
            if (session_id, file) not in self._uploaded:
                kind = "video/mp4" if file.suffix == ".mp4" else "image/jpeg"
                self._media.upload(file, self.key(session_id, file), kind)
                self._uploaded.add((session_id, file))
        media = [
            MediaItem(
                key=self.key(session_id, file),
                kind="video" if file.suffix == ".mp4" else "image",
                alt_text=None if file.suffix == ".mp4" else ALT_TEXT,
            )
            for file in files
        ]
        words = Description(caption=caption, hashtags=list(hashtags), location_tag=location_tag)
        self._store.put_description(session_id, group_id, words)
        self._store.put_new_group(
            Group(
                session_id=session_id,
                group_id=group_id,
                name=name or group_id,
                media=media,
                account_id=account_id,
            )
        )

    def token(self, account_id: str, username: str, days_left: int) -> None:
        """Write down what is known of an account's token."""
        now = datetime.now(UTC)
        self._store.put_token_facts(
            account_id,
            TokenFacts(
                login="instagram",
                user_id=(SECOND_ACCOUNT if account_id == "second" else DEMO_ACCOUNT).user_id,
                username=username,
                issued_at=clock.to_text(now),
                expires_at=clock.to_text(now + timedelta(days=days_left, hours=1)),
                parameter_version=1,
            ),
        )

    @staticmethod
    def key(session_id: str, file: Path) -> str:
        return f"{session_id}/enhanced/{file.name}"
