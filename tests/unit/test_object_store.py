"""The bucket as others see it: who may fetch an object, how, and at what cost in memory."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit
from xml.etree import ElementTree

import boto3
import httpx
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox import moto_imports
from sandbox.clock import SimulatedClock
from tests.instagram_lab import ACCOUNT, STANDING_STILL, Lab, error_of, serving_instagram
from tests.media import film, picture
from tests.summary import say

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "postwright-media"
KEY = "s1/enhanced/ä b+c~1.jpg"
BODY = bytes(range(256)) * 4
LARGE = os.urandom(6 * 1024 * 1024)
"""Of the size from which moto keeps an object on disk."""


class Wall:
    """The wall clock, which a test can let run ahead."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Store:
    origin: str
    clock: SimulatedClock
    wall: Wall
    s3: S3Client

    def client(
        self,
        key: str = "sandbox",
        secret: str = "sandbox",  # noqa: S107 - opens nothing
        **config: Any,
    ) -> S3Client:
        return new_client(self.origin, key, secret, **config)

    def url(self, method: str = "get_object", *, seconds: int = 3600, **parameters: Any) -> str:
        given = {"Bucket": BUCKET, "Key": KEY, **parameters}
        return self.s3.generate_presigned_url(method, Params=given, ExpiresIn=seconds)

    def put(self, body: bytes = BODY, key: str = KEY) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="image/jpeg")

    def advance_later(self, seconds: float) -> None:
        """Move simulated time in a later second than the one in which anything was signed."""
        self.wall.ahead += 2
        self.clock.advance(seconds)


def new_client(origin: str, key: str, secret: str, **config: Any) -> S3Client:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=origin,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(**{"signature_version": "s3v4", **config}),
    )


@contextmanager
def serving_store(clock: SimulatedClock, wall: Wall | None = None) -> Iterator[Store]:
    """`wall` is the one that the clock has, if a test moves it."""
    moto_imports.load()
    from sandbox.aws import Aws, forget

    with socket.create_server(("127.0.0.1", 0)) as listener:
        aws = Aws(listener, dict, clock)
    with closing(new_client(aws.origin, "sandbox", "sandbox")) as s3:
        s3.create_bucket(Bucket=BUCKET)
        yield Store(aws.origin, clock, wall or Wall(), s3)
    aws.close()
    forget()


@pytest.fixture
def store() -> Iterator[Store]:
    """An empty bucket whose clock moves by `advance` alone."""
    wall = Wall()
    with serving_store(SimulatedClock(STANDING_STILL, wall=wall), wall) as found:
        found.put()
        yield found


def ask(method: str, url: str, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(method, url, headers=given, trust_env=False)


def get(url: str, **headers: str) -> httpx.Response:
    return ask("GET", url, **headers)


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code; the answer is S3's XML."""
    assert answer.headers["Content-Type"] == "application/xml"
    return answer.status_code, element(answer, "Code")


def element(answer: httpx.Response, name: str) -> str:
    found = ElementTree.fromstring(answer.content).findtext(name)  # noqa: S314 - our own server's
    assert found is not None, answer.text
    return found


def changed(url: str, **parameters: str | None) -> str:
    """The same URL with other `X-Amz-` parameters; None takes one away."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    for name, value in parameters.items():
        query.pop(f"X-Amz-{name}")
        if value is not None:
            query[f"X-Amz-{name}"] = value
    return parts._replace(query=urlencode(query)).geturl()


class TestAGoodUrl:
    def test_it_opens_the_object(self, store: Store) -> None:
        answer = get(store.url())

        headers = answer.headers
        assert (answer.status_code, answer.content) == (200, BODY)
        assert headers["Content-Type"] == "image/jpeg"
        assert headers["Content-Length"] == str(len(BODY))
        assert headers["ETag"] == f'"{hashlib.md5(BODY).hexdigest()}"'  # noqa: S324 - an ETag is one
        assert headers["Accept-Ranges"] == "bytes"
        assert "Last-Modified" in headers

    def test_it_opens_the_version_that_it_names(self, store: Store) -> None:
        store.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        first = store.s3.put_object(Bucket=BUCKET, Key=KEY, Body=LARGE)["VersionId"]
        store.put(b"second")

        old, new = get(store.url(VersionId=first)), get(store.url())

        assert (old.content, old.headers["x-amz-version-id"]) == (LARGE, first)
        assert new.content == b"second"

    def test_what_it_asks_for_in_the_answer_is_signed_too(self, store: Store) -> None:
        url = store.url(ResponseContentType="video/mp4")

        answer, altered = get(url), get(url.replace("mp4", "mpeg"))

        assert answer.headers["Content-Type"] == "video/mp4"
        assert error(altered) == (403, "SignatureDoesNotMatch")

    def test_it_may_have_the_bucket_in_the_host_name(self, store: Store) -> None:
        port = urlsplit(store.origin).port
        host = f"{BUCKET}.localhost:{port}"
        with closing(
            new_client(
                f"http://localhost:{port}",
                "sandbox",
                "sandbox",
                s3={"addressing_style": "virtual"},
            )
        ) as s3:
            url = urlsplit(
                s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})
            )
        here = f"{store.origin}{url.path}?{url.query}"

        right = get(here, Host=host)
        wrong = get(here, Host=f"another.localhost:{port}")

        assert url.netloc == host
        assert (right.status_code, right.content) == (200, BODY)
        assert error(wrong) == (403, "SignatureDoesNotMatch")

    def test_an_object_that_is_not_there_is_not_found(self, store: Store) -> None:
        assert error(get(store.url(Key="s1/nothing.jpg"))) == (404, "NoSuchKey")

    def test_it_can_be_for_a_head(self, store: Store) -> None:
        url = store.url("head_object")

        answer = ask("HEAD", url)

        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(BODY))
        assert error(get(url)) == (403, "SignatureDoesNotMatch")

    def test_it_can_be_for_an_upload_of_one_type(self, store: Store) -> None:
        url = store.url("put_object", Key="new.jpg", ContentType="image/jpeg")

        wrong = httpx.put(url, content=b"new", headers={"Content-Type": "image/png"})
        right = httpx.put(url, content=b"new", headers={"Content-Type": "image/jpeg"})

        assert error(wrong) == (403, "SignatureDoesNotMatch")
        assert right.status_code == 200
        assert get(store.url(Key="new.jpg")).content == b"new"


class TestAnAlteredUrl:
    @pytest.mark.parametrize("change", [{"Expires": "3601"}, {"Signature": "0" * 64}])
    def test_a_changed_parameter_is_noticed(self, store: Store, change: dict[str, str]) -> None:
        assert error(get(changed(store.url(), **change))) == (403, "SignatureDoesNotMatch")

    def test_another_date_is_noticed(self, store: Store) -> None:
        date = f"{datetime.now(UTC) + timedelta(minutes=5):%Y%m%dT%H%M%SZ}"

        answer = get(changed(store.url(), Date=date, Credential=credential(date[:8])))

        assert error(answer) == (403, "SignatureDoesNotMatch")

    def test_another_key_is_noticed(self, store: Store) -> None:
        store.put(key="s1/enhanced/secret.jpg")
        url = urlsplit(store.url())._replace(path=f"/{BUCKET}/s1/enhanced/secret.jpg")

        assert error(get(url.geturl())) == (403, "SignatureDoesNotMatch")

    def test_an_added_parameter_is_noticed(self, store: Store) -> None:
        answer = get(store.url() + "&response-content-type=text%2Fhtml")

        assert error(answer) == (403, "SignatureDoesNotMatch")

    def test_another_host_is_noticed(self, store: Store) -> None:
        answer = get(store.url(), Host=f"localhost:{urlsplit(store.origin).port}")

        assert error(answer) == (403, "SignatureDoesNotMatch")

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_another_method_is_noticed(self, store: Store, method: str) -> None:
        answer = ask(method, store.url())

        assert error(answer) == (403, "SignatureDoesNotMatch")
        assert get(store.url()).content == BODY

    def test_a_head_on_a_url_for_get_is_refused_without_a_word(self, store: Store) -> None:
        answer = ask("HEAD", store.url())

        assert (answer.status_code, answer.content) == (403, b"")

    def test_another_secret_is_noticed(self, store: Store) -> None:
        with closing(store.client(secret="guessed")) as s3:  # noqa: S106 - a wrong one
            url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})

        answer = get(url)

        assert error(answer) == (403, "SignatureDoesNotMatch")
        assert element(answer, "CanonicalRequest").startswith(f"GET\n/{BUCKET}/s1/enhanced/%C3%A4")

    def test_a_header_that_was_signed_must_be_sent(self, store: Store) -> None:
        url = signed(store, {"x-amz-checksum-mode": "ENABLED"})

        assert error(get(url)) == (403, "SignatureDoesNotMatch")
        assert get(url, x_amz_checksum_mode="ENABLED").status_code == 200

    def test_an_amazon_header_that_is_sent_must_be_signed(self, store: Store) -> None:
        answer = get(store.url(), x_amz_checksum_mode="ENABLED")

        assert error(answer) == (403, "AccessDenied")
        assert element(answer, "HeadersNotSigned") == "x-amz-checksum-mode"


def signed(store: Store, headers: dict[str, str]) -> str:
    """A URL made by the signer itself, for what the client does not offer."""
    request = AWSRequest("GET", f"{store.origin}/{BUCKET}/plain.jpg", headers=headers)
    store.put(key="plain.jpg")
    S3SigV4QueryAuth(Credentials("sandbox", "sandbox"), "s3", "us-east-1").add_auth(request)
    return str(request.url)


class TestExpiry:
    def test_a_url_lives_for_its_simulated_seconds_and_no_longer(self, store: Store) -> None:
        url = store.url(seconds=600)
        begun = store.clock.now()

        store.advance_later(598)
        early = get(url)
        store.advance_later(6)
        late = get(url)

        assert early.status_code == 200
        assert error(late) == (403, "AccessDenied")
        assert element(late, "Message") == "Request has expired"
        assert element(late, "X-Amz-Expires") == "600"
        expires = datetime.fromisoformat(element(late, "Expires"))
        server_time = datetime.fromisoformat(element(late, "ServerTime"))
        assert timedelta(0) < server_time - expires < timedelta(seconds=7)
        assert timedelta(seconds=603) <= server_time - begun <= timedelta(seconds=605)

    def test_a_url_that_nobody_used_expires_too(self, store: Store) -> None:
        url = store.url()

        store.advance_later(3605)

        assert element(get(url), "Message") == "Request has expired"

    def test_a_url_of_days_later_is_as_good_as_any(self, store: Store) -> None:
        store.clock.advance(timedelta(days=30).total_seconds())

        assert get(store.url()).status_code == 200

    def test_a_head_on_an_expired_url_has_no_body(self, store: Store) -> None:
        url = store.url("head_object")
        store.advance_later(3605)

        answer = ask("HEAD", url)

        assert (answer.status_code, answer.content) == (403, b"")

    def test_a_url_from_before_the_sandbox_began_is_as_old_as_the_wall_clock_says(
        self, store: Store
    ) -> None:
        two_hours_ago = f"{datetime.now(UTC) - timedelta(hours=2):%Y%m%dT%H%M%SZ}"
        url = changed(store.url(), Date=two_hours_ago, Credential=credential(two_hours_ago[:8]))

        assert element(get(url), "Message") == "Request has expired"

    def test_a_url_from_the_future_is_not_valid_yet(self, store: Store) -> None:
        ahead = f"{datetime.now(UTC) + timedelta(hours=1):%Y%m%dT%H%M%SZ}"
        url = changed(store.url(), Date=ahead, Credential=credential(ahead[:8]))

        answer = get(url)

        assert error(answer) == (403, "AccessDenied")
        assert element(answer, "Message") == "Request is not valid yet"

    @pytest.mark.parametrize("speed", [60.0, None])
    def test_at_any_speed_the_simulated_hour_counts(self, speed: float | None) -> None:
        wall = Wall()
        with serving_store(SimulatedClock(speed, wall=wall), wall) as store:
            store.put()
            url = store.url()
            fresh = get(url)
            store.advance_later(2000)
            old = get(url)
            store.advance_later(2000)
            expired = get(url)

        assert (fresh.status_code, old.status_code) == (200, 200)
        assert element(expired, "Message") == "Request has expired"


def credential(day: str, *, key: str = "sandbox", rest: str = "us-east-1/s3/aws4_request") -> str:
    return f"{key}/{day}/{rest}"


class TestAUrlThatIsNone:
    @pytest.mark.parametrize("path", [f"/{BUCKET}/a.jpg", f"/{BUCKET}", f"/{BUCKET}?list-type=2"])
    def test_an_anonymous_request_is_refused(self, store: Store, path: str) -> None:
        store.put(key="a.jpg")

        answer = get(store.origin + path)

        assert error(answer) == (403, "AccessDenied")
        assert element(answer, "Message") == "Access Denied"

    @pytest.mark.parametrize("method", ["PUT", "DELETE"])
    def test_an_anonymous_change_is_refused(self, store: Store, method: str) -> None:
        store.put(key="a.jpg")

        answer = ask(method, f"{store.origin}/{BUCKET}/a.jpg")

        assert error(answer) == (403, "AccessDenied")
        assert get(store.url(Key="a.jpg")).content == BODY

    def test_a_browser_may_ask_what_it_may_do(self, store: Store) -> None:
        answer = ask("OPTIONS", f"{store.origin}/{BUCKET}/a.jpg", Origin="http://localhost")

        assert answer.status_code == 200

    @pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "Signature"])
    def test_a_missing_parameter_is_named(self, store: Store, name: str) -> None:
        answer = get(changed(store.url(), **{name: None}))

        assert error(answer) == (400, "AuthorizationQueryParametersError")
        assert f"X-Amz-{name}" in element(answer, "Message")

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"Algorithm": "AWS4-HMAC-SHA1"}, 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'),
            ({"Date": "2026-05-01"}, "ISO8601 Long Format"),
            ({"Date": "20260231T000000Z"}, "ISO8601 Long Format"),
            ({"Expires": "soon"}, "should be a number"),
            ({"Expires": "-1"}, "must be non-negative"),
            ({"Expires": "604801"}, "must be less than 604800 seconds"),
            ({"Credential": "sandbox"}, "the Credential is mal-formed"),
            ({"Credential": credential("20260101")}, 'Invalid credential date "20260101"'),
            (
                {"Credential": credential("20260101", rest="eu-west-1/s3/aws4_request")},
                "the region 'eu-west-1' is wrong; expecting 'us-east-1'",
            ),
            (
                {"Credential": credential("20260101", rest="us-east-1/sns/aws4_request")},
                'incorrect service "sns"',
            ),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
    )
    def test_a_malformed_parameter_is_explained(
        self, store: Store, change: dict[str, str], message: str
    ) -> None:
        answer = get(changed(store.url(), **change))

        assert error(answer) == (400, "AuthorizationQueryParametersError")
        assert message in element(answer, "Message")

    def test_an_unknown_access_key_is_named(self, store: Store) -> None:
        with closing(store.client(key="AKIAUNKNOWN000000000")) as s3:
            url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})

        answer = get(url)

        assert error(answer) == (403, "InvalidAccessKeyId")
        assert element(answer, "AWSAccessKeyId") == "AKIAUNKNOWN000000000"

    def test_made_up_keys_are_one_word_twice(self, store: Store) -> None:
        answers = []
        for secret in ("test", "other"):
            with closing(store.client("test", secret)) as s3:
                url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})
            answers.append(get(url))

        good, bad = answers
        assert good.status_code == 200
        assert error(bad) == (403, "SignatureDoesNotMatch")

    def test_a_signature_of_version_2_is_refused_as_for_any_newer_bucket(
        self, store: Store
    ) -> None:
        with closing(store.client(signature_version="s3")) as s3:
            url = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY})

        answer = get(url)

        assert "AWSAccessKeyId=" in url
        assert error(answer) == (400, "InvalidRequest")
        assert "Please use AWS4-HMAC-SHA256" in element(answer, "Message")

    @pytest.mark.parametrize("url_is_signed", [True, False])
    def test_a_token_of_something_else_opens_nothing(
        self, store: Store, url_is_signed: bool
    ) -> None:
        url = store.url() if url_is_signed else f"{store.origin}/{BUCKET}/a.jpg"

        answer = get(url, Authorization="Bearer IGAAToken")

        assert error(answer) == (400, "InvalidArgument")


def test_a_client_with_any_credentials_of_its_own_may_use_the_bucket(store: Store) -> None:
    with closing(store.client("test", "test")) as s3:
        s3.put_object(Bucket=BUCKET, Key="theirs", Body=b"theirs")

        assert s3.get_object(Bucket=BUCKET, Key="theirs")["Body"].read() == b"theirs"
        assert s3.head_object(Bucket=BUCKET, Key="theirs")["ContentLength"] == 6


class TestRanges:
    @pytest.mark.parametrize("body", [BODY, LARGE], ids=["in-memory", "on-disk"])
    @pytest.mark.parametrize(
        ("wanted", "first", "last"),
        [("0-0", 0, 1), ("100-299", 100, 300), ("1000-", 1000, None), ("-24", -24, None)],
    )
    def test_the_wanted_part_is_sent(
        self, store: Store, body: bytes, wanted: str, first: int, last: int | None
    ) -> None:
        store.put(body)

        answer = get(store.url(), Range=f"bytes={wanted}")

        part = body[first:last]
        start = first % len(body)
        assert (answer.status_code, answer.content) == (206, part)
        assert answer.headers["Content-Length"] == str(len(part))
        assert answer.headers["Content-Range"] == (
            f"bytes {start}-{start + len(part) - 1}/{len(body)}"
        )
        assert answer.headers["Content-Type"] == "image/jpeg"

    @pytest.mark.parametrize("body", [BODY, LARGE], ids=["in-memory", "on-disk"])
    def test_a_range_that_goes_too_far_ends_with_the_object(
        self, store: Store, body: bytes
    ) -> None:
        store.put(body)

        answer = get(store.url(), Range=f"bytes=1000-{len(body) + 1000}")

        assert (answer.status_code, answer.content) == (206, body[1000:])

    @pytest.mark.parametrize("body", [BODY, LARGE], ids=["in-memory", "on-disk"])
    def test_a_range_behind_the_end_is_an_error(self, store: Store, body: bytes) -> None:
        store.put(body)

        answer = get(store.url(), Range=f"bytes={len(body)}-")

        assert error(answer) == (416, "InvalidRange")

    @pytest.mark.parametrize("wanted", ["bytes", "bytes=a-b", "items=0-1", "bytes=0-1,5-6"])
    def test_a_range_that_is_none_gets_it_all(self, store: Store, wanted: str) -> None:
        answer = get(store.url(), Range=wanted)

        assert (answer.status_code, answer.content) == (200, BODY)

    def test_readers_at_once_do_not_disturb_each_other(self, store: Store) -> None:
        store.put(LARGE)
        url = store.url()
        starts = range(0, len(LARGE), len(LARGE) // 24)

        with httpx.Client(trust_env=False) as http, ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(
                    lambda start: http.get(
                        url, headers={"Range": f"bytes={start}-{start + 999_999}"}
                    ),
                    starts,
                )
            )

        parts = [LARGE[start : start + 1_000_000] for start in starts]
        assert [answer.content == part for answer, part in zip(answers, parts, strict=True)] == [
            True
        ] * len(parts)

    def test_a_reader_gets_what_was_there_when_it_began(self, store: Store) -> None:
        body = os.urandom(40 * 1024 * 1024)
        store.put(body)

        with httpx.stream("GET", store.url(), trust_env=False) as answer:
            chunks = answer.iter_bytes()
            read = [next(chunks)]
            store.put(b"new")
            store.s3.delete_object(Bucket=BUCKET, Key=KEY)
            read.extend(chunks)

        assert b"".join(read) == body


class TestUploadsInParts:
    def test_the_object_is_what_was_sent(self, store: Store, tmp_path: Path) -> None:
        body = os.urandom(8 * 1024 * 1024 + 10)  # the second part is shorter than a buffer
        file = tmp_path / "clip.mp4"
        file.write_bytes(body)

        store.s3.upload_file(str(file), BUCKET, "clip.mp4", ExtraArgs={"ContentType": "video/mp4"})

        answer = get(store.url(Key="clip.mp4"))
        assert answer.content == body
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["ETag"].endswith('-2"')
        assert store.s3.head_object(Bucket=BUCKET, Key="clip.mp4")["ContentLength"] == len(body)

    def test_parts_that_are_too_small_or_not_there_are_refused(self, store: Store) -> None:
        named: dict[str, Any] = {"Bucket": BUCKET, "Key": "parts"}
        upload = store.s3.create_multipart_upload(**named)["UploadId"]
        etags = [
            store.s3.upload_part(**named, UploadId=upload, PartNumber=number, Body=b"x")["ETag"]
            for number in (1, 2)
        ]

        codes = [
            self.refusal(store, upload, parts)
            for parts in ([(1, etags[0]), (2, etags[1])], [(1, '"other"')], [(3, etags[0])])
        ]

        assert codes == ["EntityTooSmall", "InvalidPart", "InvalidPart"]

    def refusal(self, store: Store, upload: str, parts: list[tuple[int, str]]) -> str:
        with pytest.raises(ClientError) as raised:
            store.s3.complete_multipart_upload(
                Bucket=BUCKET,
                Key="parts",
                UploadId=upload,
                MultipartUpload={
                    "Parts": [{"PartNumber": number, "ETag": etag} for number, etag in parts]
                },
            )
        return raised.value.response["Error"]["Code"]


SERVE = """
import socket, sys
from sandbox import moto_imports
moto_imports.load()
from sandbox.aws import Aws
aws = Aws(socket.create_server(("127.0.0.1", 0)), dict)
print(aws.origin, flush=True)
sys.stdin.read()
aws.close()
"""


class Server:
    """The bucket in a process of its own, whose memory can be measured."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._folder = Path("/proc") / str(process.pid)

    def forget_peak(self) -> float:
        """What it uses now, in MB; `peak` starts from here."""
        (self._folder / "clear_refs").write_text("5")
        return self._megabytes("VmRSS")

    def peak(self) -> float:
        return self._megabytes("VmHWM")

    def _megabytes(self, name: str) -> float:
        found = re.search(rf"^{name}:\s+(\d+) kB", (self._folder / "status").read_text(), re.M)
        assert found is not None
        return int(found[1]) / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="memory of another process is read in /proc")
def test_a_large_object_costs_little_memory(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    size, step = 120 * 1024 * 1024, 8 * 1024 * 1024
    file = tmp_path / "large.mp4"
    with file.open("wb") as sparse:
        sparse.truncate(size)
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        server = Server(process)
        with closing(new_client(process.stdout.readline().strip(), "sandbox", "sandbox")) as s3:
            s3.create_bucket(Bucket=BUCKET)

            started_with = server.forget_peak()
            s3.upload_file(str(file), BUCKET, "large.mp4")
            upload = server.peak() - started_with
            url = s3.generate_presigned_url(
                "get_object", Params={"Bucket": BUCKET, "Key": "large.mp4"}
            )
            before = server.forget_peak()
            received = fetch_in_ranges(url, size, step) + fetch_whole(url)
            download = server.peak() - before
            process.communicate(timeout=20)

    say(
        pytestconfig,
        f"120 MB in the sandbox's S3: {upload:.0f} MB more at the peak of the upload,"
        f" {before - started_with:.0f} MB after it,"
        f" {download:.1f} MB more at the peak of the downloads",
    )
    assert received == 2 * size
    assert download < 40
    assert upload < 100
    assert before - started_with < 60


def fetch_in_ranges(url: str, size: int, step: int) -> int:
    """Fetch as the simulated Instagram does; returns how many bytes came."""
    received = 0
    with httpx.Client(trust_env=False) as http:
        for start in range(0, size, step):
            answer = http.get(url, headers={"Range": f"bytes={start}-{start + step - 1}"})
            assert answer.status_code == 206
            received += len(answer.content)
    return received


def fetch_whole(url: str) -> int:
    with httpx.stream("GET", url, trust_env=False) as answer:
        return sum(len(chunk) for chunk in answer.iter_bytes())


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film(tmp_path_factory.mktemp("film") / "clip.mp4")


@pytest.fixture
def instagram(tmp_path: Path, clip: bytes) -> Iterator[tuple[Lab, Store]]:
    """The simulated Instagram at the highest speed, and a bucket with the same clock."""
    wall = Wall()
    with (
        serving_instagram(tmp_path / "instagram", speed=None, wall=wall) as lab,
        serving_store(lab.clock, wall) as store,
    ):
        store.put(picture())
        store.put(clip, "clip.mp4")
        yield lab, store


def test_instagram_gets_media_by_a_url_that_was_signed_days_later(
    instagram: tuple[Lab, Store],
) -> None:
    lab, store = instagram
    lab.clock.advance(timedelta(days=30).total_seconds())

    lab.container(image_url=store.url())
    video = lab.container(media_type="REELS", video_url=store.url(Key="clip.mp4"))
    lab.clock.sleep(60)

    assert lab.status(video) == "FINISHED"


def test_instagram_is_refused_media_by_a_url_that_has_expired(
    instagram: tuple[Lab, Store],
) -> None:
    lab, store = instagram
    image, clip = store.url(), store.url(Key="clip.mp4")
    in_time = lab.container(media_type="REELS", video_url=clip)
    lab.clock.sleep(60)

    store.advance_later(3605)
    refused = lab.post(f"/{ACCOUNT}/media", image_url=image)
    late = lab.container(media_type="REELS", video_url=clip)
    lab.clock.sleep(60)

    assert lab.status(in_time) == "FINISHED"
    assert error_of(refused) == (9004, 2207052)
    assert lab.status(late) == "ERROR"


def test_who_moves_the_clock_by_hand_can_tell_urls_of_before_and_after(
    instagram: tuple[Lab, Store],
) -> None:
    lab, store = instagram
    before = store.url()

    lab.http.post("/_control/clock", json={"advance_seconds": 3605}).raise_for_status()

    assert error(get(before)) == (403, "AccessDenied")
    assert get(store.url()).status_code == 200
