"""The bucket: what lies there, and the URLs from which Instagram fetches it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError

from postwright import aws
from postwright.media import MediaBucket, MediaHead
from tests.unit.core_world import Cloud

pytest_plugins = ("tests.unit.core_fixtures",)

KEY = "s1/enhanced/ä b+c#1.jpg"


@pytest.fixture
def bucket(cloud: Cloud) -> MediaBucket:
    return MediaBucket(cloud.s3, cloud.bucket, 600)


@pytest.fixture
def versioned(cloud: Cloud) -> Iterator[str]:
    """The name of a bucket that keeps every version."""
    name = "core-versions"
    cloud.s3.create_bucket(Bucket=name)
    cloud.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    yield name
    for version in cloud.s3.list_object_versions(Bucket=name).get("Versions", []):
        cloud.s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    cloud.s3.delete_bucket(Bucket=name)


def test_the_head_tells_size_and_fingerprint(bucket: MediaBucket, cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket=cloud.bucket, Key=KEY, Body=b"hello")

    assert bucket.head(KEY) == MediaHead(
        5, "5d41402abc4b2a76b9719d911017c592", None, "binary/octet-stream"
    )


def test_an_object_that_is_not_there_has_no_head(bucket: MediaBucket) -> None:
    assert bucket.head("s1/enhanced/nowhere.jpg") is None


def test_another_trouble_with_the_bucket_is_raised(cloud: Cloud) -> None:
    class Forbidden:
        def head_object(self, **_: str) -> None:
            raise ClientError({"ResponseMetadata": {"HTTPStatusCode": 403}}, "HeadObject")  # type: ignore[typeddict-item]  # the part that is read

    bucket = MediaBucket(Forbidden(), cloud.bucket, 600)  # type: ignore[arg-type]  # one method suffices

    with pytest.raises(ClientError):
        bucket.head(KEY)


def test_anybody_can_fetch_by_the_presigned_url(bucket: MediaBucket, cloud: Cloud) -> None:
    cloud.s3.put_object(Bucket=cloud.bucket, Key=KEY, Body=b"hello", ContentType="image/jpeg")

    answer = httpx.get(bucket.presign(KEY), trust_env=False)

    assert (answer.status_code, answer.content) == (200, b"hello")
    assert answer.headers["Content-Type"] == "image/jpeg"


def test_a_presigned_url_lives_as_long_as_it_is_told(cloud: Cloud) -> None:
    short = MediaBucket(cloud.s3, cloud.bucket, 60).presign(KEY)
    long = MediaBucket(cloud.s3, cloud.bucket, 3600).presign(KEY)

    def life(url: str) -> str:
        query = parse_qs(urlsplit(url).query)
        return query["X-Amz-Expires"][0]

    assert (life(short), life(long)) == ("60", "3600")


def test_the_version_that_was_seen_is_the_one_that_is_fetched(cloud: Cloud, versioned: str) -> None:
    bucket = MediaBucket(cloud.s3, versioned, 600)
    cloud.s3.put_object(Bucket=versioned, Key=KEY, Body=b"first")
    seen = bucket.head(KEY)
    cloud.s3.put_object(Bucket=versioned, Key=KEY, Body=b"second")

    assert seen is not None
    assert seen.version_id is not None
    old = httpx.get(bucket.presign(KEY, seen.version_id), trust_env=False)
    new = httpx.get(bucket.presign(KEY), trust_env=False)
    assert (old.content, new.content) == (b"first", b"second")


def test_a_file_is_stored_with_its_type(bucket: MediaBucket, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"bytes")

    bucket.upload(file, "up/a", "video/quicktime")

    stored = cloud.s3.get_object(Bucket=cloud.bucket, Key="up/a")
    assert stored["ContentType"] == "video/quicktime"
    assert stored["Body"].read() == b"bytes"


def test_an_upload_replaces_what_was_there(
    bucket: MediaBucket, cloud: Cloud, tmp_path: Path
) -> None:
    file = tmp_path / "a.jpg"
    for body in (b"first", b"second"):
        file.write_bytes(body)
        bucket.upload(file, "up/again.jpg", "image/jpeg")

    assert cloud.s3.get_object(Bucket=cloud.bucket, Key="up/again.jpg")["Body"].read() == b"second"


def test_on_aws_a_url_has_the_host_of_the_buckets_region_and_a_signature_of_version_4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.session.cache_clear()

    url = urlsplit(MediaBucket.connect("my-media", 3600).presign("s1/enhanced/a.jpg"))

    assert url.scheme == "https"
    assert url.hostname == "my-media.s3.eu-west-1.amazonaws.com"
    assert url.path == "/s1/enhanced/a.jpg"
    assert parse_qs(url.query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
