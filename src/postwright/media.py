"""The bucket with the media: what lies there, and the short-lived URLs that Instagram fetches it
from.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.config import Config
from botocore.exceptions import ClientError

from postwright.aws import Connected, new_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


@dataclass(frozen=True)
class MediaHead:
    """What S3 tells of an object without its bytes; `version_id` is None in a bucket without
    versions.
    """

    size_bytes: int
    etag: str
    version_id: str | None
    content_type: str = ""


class MediaBucket(Connected["S3Client"]):
    """Reads of one private bucket; objects lie under `{sessionId}/enhanced/{filename}`."""

    def __init__(self, client: S3Client | None, bucket: str, presign_seconds: int) -> None:
        super().__init__(client, _new_client)
        self._bucket = bucket
        self._presign_seconds = presign_seconds

    @classmethod
    def connect(cls, bucket: str, presign_seconds: int) -> MediaBucket:
        """A bucket on the S3 that the AWS environment variables lead to."""
        return cls(None, bucket, presign_seconds)

    def head(self, key: str) -> MediaHead | None:
        """Size and version of an object, or None when there is none."""
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        version = found.get("VersionId")
        return MediaHead(
            size_bytes=found["ContentLength"],
            etag=found["ETag"].strip('"'),
            version_id=version if version != "null" else None,
            content_type=found.get("ContentType", ""),
        )

    def any_key(self) -> str | None:
        """Some object of the bucket; None when it is empty."""
        found = self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1)
        return next((entry["Key"] for entry in found.get("Contents", [])), None)

    def presign(
        self, key: str, version_id: str | None = None, *, seconds: int | None = None
    ) -> str:
        """A URL from which anybody may GET the object for a limited time, without `seconds` for as
        long as Instagram may fetch it. Never log or store it.
        """
        parameters: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if version_id:
            parameters["VersionId"] = version_id
        return self._client.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=seconds or self._presign_seconds
        )

    def upload(self, path: Path, key: str, content_type: str) -> None:
        """Put a file that is served as this type; a repeat replaces it."""
        from boto3.s3.transfer import S3Transfer  # only the command line uploads

        transfer = S3Transfer(self._client)
        transfer.upload_file(str(path), self._bucket, key, extra_args={"ContentType": content_type})


def _new_client() -> S3Client:
    """A client of the S3 that the AWS environment variables lead to.

    URLs are signed with version 4 for the bucket's own host name where there is one: Instagram
    was reported to refuse path-style S3 hosts. Source: field reports, 2026, not confirmed by
    Instagram. On AWS it is the host of the bucket's region, which botocore leaves to S3's
    redirects otherwise; a new bucket redirects for a day, and Instagram's crawler follows none.
    """
    is_elsewhere = any(os.environ.get(name) for name in _ENDPOINTS)
    style: Literal["auto", "virtual"] = "auto" if is_elsewhere else "virtual"
    config = Config(signature_version="s3v4", s3={"addressing_style": style})
    client: S3Client = new_client("s3", config)
    return client
