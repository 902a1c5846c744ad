"""The demo session, written into a sandbox: media into the bucket, records into the table, what a
login would have written of the accounts' tokens, and the token of a Facebook user, with which the
demo account searches for hashtags and places.
"""

from __future__ import annotations

from collections.abc import Mapping

from postwright import clock
from postwright.media import MediaBucket
from postwright.models import Description, Group, MediaItem, Session, TokenFacts, now_text
from postwright.store import Store
from postwright.tokens import LONG_LIFE
from sandbox.clients import session_of
from sandbox.instagram import DEMO_ACCOUNT, DEMO_PERSON, SECOND_ACCOUNT, Account
from sandbox.samples import DEMO_SESSION, SAMPLES_DIR, SampleGroup

_PRESIGN_SECONDS = 60
_ACCOUNTS = {"default": DEMO_ACCOUNT, "second": SECOND_ACCOUNT}


def fill(environment: Mapping[str, str]) -> None:
    """Write the demo session to the AWS that `environment` describes, whatever os.environ says."""
    session = session_of(environment)
    endpoint = environment["AWS_ENDPOINT_URL"]
    s3 = session.client("s3", endpoint_url=endpoint)
    media = MediaBucket(s3, environment["POSTWRIGHT_BUCKET"], _PRESIGN_SECONDS)
    dynamodb = session.client("dynamodb", endpoint_url=endpoint)
    store = Store(dynamodb, environment["POSTWRIGHT_TABLE"])
    store.put_session(
        Session(
            session_id=DEMO_SESSION.session_id,
            name=DEMO_SESSION.name,
            step="publish",
            created_at=now_text(),
        )
    )
    names = {item.file_name for group in DEMO_SESSION.groups for item in group.media}
    for name in sorted(names):
        content_type = "video/mp4" if name.endswith(".mp4") else "image/jpeg"
        media.upload(SAMPLES_DIR / name, _key(name), content_type)
    for group in DEMO_SESSION.groups:
        _put_group(store, group)
    for account_id, account in _ACCOUNTS.items():
        store.put_token_facts(account_id, _facts(account))
    session.client("ssm", endpoint_url=endpoint).put_parameter(
        Name=f"{environment['POSTWRIGHT_SSM_PREFIX']}/facebook-user-token",
        Value=DEMO_PERSON.token,
        Type="SecureString",
        Overwrite=True,
    )


def _facts(account: Account) -> TokenFacts:
    return TokenFacts(
        login="instagram",
        user_id=account.user_id,
        username=account.username,
        issued_at=now_text(),
        expires_at=clock.to_text(clock.now() + LONG_LIFE),
        parameter_version=1,
    )


def _put_group(store: Store, group: SampleGroup) -> None:
    session_id = DEMO_SESSION.session_id
    store.put_description(
        session_id,
        group.group_id,
        Description(
            caption=group.caption, hashtags=list(group.hashtags), location_tag=group.location_tag
        ),
    )
    media = [
        MediaItem(key=_key(item.file_name), kind=item.kind, alt_text=item.alt_text)
        for item in group.media
    ]
    store.put_new_group(
        Group(session_id=session_id, group_id=group.group_id, name=group.name, media=media)
    )


def _key(file_name: str) -> str:
    return f"{DEMO_SESSION.session_id}/enhanced/{file_name}"
