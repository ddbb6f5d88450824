"""A bucket of ten thousand objects, answered at the wire: no server could be filled as fast."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from lifeboat.alerts.policy.findings import Code, Health, overall
from lifeboat.errors import StorageError
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.monitor.observe import observe, request_limit
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import Facts, Unknown
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import WatchedDatabase, WatchedSettings
from tests.support.seen_bucket import backup

SETTINGS = WatchedSettings(databases=(WatchedDatabase(name="app"),))
PAGE = 1000


@dataclass
class Wire:
    """Answers S3's requests out of memory, a page of versions at a time."""

    backups: int
    documents: dict[str, Manifest] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails_after: int = 1_000_000

    def __post_init__(self) -> None:
        first = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range(self.backups):
            slot = first + timedelta(hours=number)
            manifest = backup(slot, tier=Tier.MANUAL)
            self.documents[manifest.key] = manifest
        self.keys = sorted(
            f"{key.rpartition('/')[0]}/{name}"
            for key in self.documents
            for name in ("archive.dump", "globals.sql", "manifest.json")
        )

    def bucket(self) -> BackupBucket:
        client = boto3.client(
            "s3",
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}),
        )
        events: Any = client.meta.events  # whose type knows of no handler that answers
        events.register("before-send.s3", self.answer)
        return BackupBucket(client, "bucket")

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        url = urlsplit(request.url)
        query = parse_qs(url.query, keep_blank_values=True)
        self.asked.append(request.url)
        if len(self.asked) > self.fails_after:
            return _response(503, b"<Error><Code>SlowDown</Code><Message>m</Message></Error>")
        if "versions" in query:
            after = query.get("key-marker", [""])[0]
            return _response(200, self.versions(query["prefix"][0], after).encode())
        key = unquote(url.path).removeprefix("/bucket/").removeprefix("/")
        if key in self.documents:
            return _response(200, self.documents[key].to_json())
        if key.startswith("attempts/"):
            return _response(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return _response(404, b"<Error><Code>NoSuchBucketPolicy</Code></Error>")

    def versions(self, prefix: str, after: str) -> str:
        keys = [key for key in self.keys if key.startswith(prefix) and key > after]
        more = len(keys) > PAGE
        entries = "".join(map(_entry, keys[:PAGE]))
        marker = f"<NextKeyMarker>{keys[PAGE - 1]}</NextKeyMarker>" if more else ""
        marker += "<NextVersionIdMarker>v</NextVersionIdMarker>" if more else ""
        truncated = str(more).lower()
        return (
            f"<ListVersionsResult><IsTruncated>{truncated}</IsTruncated>{marker}{entries}"
            "</ListVersionsResult>"
        )


def _entry(key: str) -> str:
    return (
        f"<Version><Key>{key}</Key><VersionId>v-{key}</VersionId><IsLatest>true</IsLatest>"
        "<LastModified>2026-11-25T12:00:00.000Z</LastModified><ETag>e</ETag><Size>1000</Size>"
        "<StorageClass>STANDARD</StorageClass></Version>"
    )


def _response(status: int, body: bytes) -> AWSResponse:
    raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
    headers = HTTPHeaders.from_dict({"content-length": str(len(body))})
    return AWSResponse("https://bucket", status, headers, raw)


@pytest.fixture
def wire() -> Wire:
    """Of twelve hundred objects, so that there are two pages."""
    return Wire(400)


def look(wire: Wire, most: int, remaining: Callable[[], float] = lambda: 60.0) -> Facts:
    wire.asked.clear()
    return observe(
        wire.bucket(), SETTINGS, "Lifeboat", RequestBudget(most, remaining), datetime.now(UTC)
    )


def health(facts: Facts) -> Health:
    return overall(evaluate(facts, SETTINGS, datetime.now(UTC)))


def test_ten_thousand_objects_are_seen_with_a_page_each_and_the_last_thirty_read() -> None:
    wire = Wire(3334)
    facts = look(wire, request_limit(SETTINGS))
    (app,) = facts.databases
    assert not isinstance(app.objects, Unknown)
    assert len(app.objects) == 10_002
    documents = [url for url in wire.asked if url.endswith(".json")]
    runs = [url.partition(".com/")[2] for url in documents if "/attempts/" in url]
    assert runs == [f"attempts/app{kind}.json" for kind in ("", ".drill", ".restore")]
    read = [re.sub(r".*/manual", "manual", url) for url in documents if "/manual/" in url]
    newest = sorted((each.key for each in wire.documents.values()), reverse=True)[:30]
    assert sorted(read, reverse=True) == newest
    listings = 11 + 4  # manual's eleven pages, and one for each other prefix
    assert len([url for url in wire.asked if "versions" in url]) == listings
    configuration, uploads, roots = 5, 1, 1
    assert len(wire.asked) == listings + configuration + uploads + roots + 30 + len(runs)
    assert len(wire.asked) < request_limit(SETTINGS)


def test_a_look_never_takes_more_requests_than_its_budget_and_says_so(wire: Wire) -> None:
    facts = look(wire, 40)
    assert len(wire.asked) == 40
    assert len(facts.problems) == 6 + 7 + 30 + 3 - 40
    assert "the 40 requests of one check of the bucket are used up" in facts.problems[0].why
    assert Code.CHECK_INCOMPLETE in {
        each.code for each in evaluate(facts, SETTINGS, datetime.now(UTC))
    }
    facts = look(wire, 5)
    assert len(wire.asked) == 5
    assert isinstance(facts.databases[0].objects, Unknown)
    assert health(facts) is Health.CRITICAL


def test_a_look_that_runs_out_of_time_says_what_it_did_not_see(wire: Wire) -> None:
    seconds = iter(range(30, -100, -1))
    facts = look(wire, 1000, lambda: float(next(seconds)))
    assert len(wire.asked) == 30
    assert "the time for one check of the bucket is over" in facts.problems[0].why
    assert health(facts) is not Health.HEALTHY


def test_a_listing_that_breaks_half_way_is_no_listing(wire: Wire) -> None:
    wire.fails_after = 4
    facts = look(wire, 1000)
    (app,) = facts.databases
    assert isinstance(app.objects, Unknown)
    assert "SlowDown" in app.objects.why
    assert health(facts) is Health.CRITICAL


def test_threads_share_a_budget() -> None:
    budget = RequestBudget(2, lambda: 1.0)
    for _ in range(2):
        with budget.request("ask"):
            pass
    with (
        pytest.raises(StorageError, match="Could not ask: the 2 requests"),
        budget.request("ask"),
    ):
        pass
    assert budget.used == 2
