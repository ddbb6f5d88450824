"""Collects all facts that a check needs; `lifeboat.monitor.policy` evaluates them.

Its role can list the bucket, and read manifests, drill reports and the bucket's configuration, but
no archive. A version's bytes never change in S3, so versions and sizes are enough.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from botocore.exceptions import ClientError

from lifeboat.errors import LifeboatError
from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import DRILLS, attempt_key, provider_key
from lifeboat.model.manifest import Manifest
from lifeboat.model.provider import ProviderReport
from lifeboat.model.text import format_size
from lifeboat.model.tiers import Tier
from lifeboat.monitor.bucket_facts import bucket_facts
from lifeboat.monitor.listings import (
    list_unknown_roots,
    list_uploads,
    list_versions,
    unmanaged_prefixes_among,
)
from lifeboat.monitor.policy.facts import (
    DatabaseFacts,
    Facts,
    Problem,
    StoredVersion,
    Unknown,
    Unreadable,
    backups_to_read,
    reports_to_read,
)
from lifeboat.monitor.policy.reduction import Reduction, without_details
from lifeboat.monitor.policy.versions import Versions
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket, code_of
from lifeboat.settings import WatchedDatabase, WatchedSettings

MAX_REPORTS = 5
"""Drill reports read per database: forecasts need a few, verdicts one."""

_LISTINGS = 300
"""Requests for everything except documents; a listing needs one per thousand versions."""

MAX_DOCUMENT_BYTES = 64_000_000
"""Larger documents are not read. The manifest of 50,000 tables has a tenth of this size."""

MAX_RECORD_BYTES = 64_000
"""Bytes that are read of a run's record or a provider's report; a valid one is shorter."""

_READERS = 4
"""Databases that are read in parallel: most of the time is waiting for S3."""

_PREFIXES = tuple(f"{root}/" for root in (*Tier, DRILLS))

type _Listings = Mapping[str, list[StoredVersion] | Unknown]


def request_limit(settings: WatchedSettings) -> int:
    """The most requests of one check: enough for a quarter of a million versions.

    For each database a check reads the newest manifests, the newest one of each tier, the newest
    reports, the records of its last runs, and what its provider says.
    """
    documents = settings.monitor.history + len(Tier) + MAX_REPORTS + len(AttemptKind) + 1
    return _LISTINGS + len(settings.databases) * documents


def observe(
    bucket: BackupBucket,
    settings: WatchedSettings,
    stack: str,
    budget: RequestBudget,
    now: datetime,
) -> Facts:
    """Collect the facts; they also say what could not be read.

    Args:
        bucket: with the backups.
        settings: of the monitor.
        stack: name of the stack, for the commands in advice.
        budget: of requests; see `request_limit`.
        now: the time of the check, in UTC.
    """
    listings = {prefix: _listing(bucket, prefix, budget) for prefix in _PREFIXES}
    configuration = bucket_facts(bucket, budget)
    uploads = _or_unknown(lambda: list_uploads(bucket, budget))
    unmanaged_prefixes = _or_unknown(
        lambda: _unmanaged_prefixes(bucket, settings, listings, budget)
    )
    reader = _Reader(bucket, budget)

    def seen(database: WatchedDatabase) -> tuple[DatabaseFacts, list[Problem]]:
        return _database(database, _objects_of(database.name, listings), reader, settings, now)

    with ThreadPoolExecutor(_READERS) as pool:
        databases = list(pool.map(seen, settings.databases))
    return Facts(
        bucket_name=bucket.name,
        region=bucket.client.meta.region_name,
        stack=stack,
        bucket=configuration,
        databases=tuple(facts for facts, _ in databases),
        unmanaged_prefixes=unmanaged_prefixes,
        uploads=uploads,
        problems=tuple(problem for _, problems in databases for problem in problems),
        digests=dict(reader.digests),
    )


def _or_unknown[T](read: Callable[[], T | Unknown]) -> T | Unknown:
    try:
        return read()
    except LifeboatError as error:
        return Unknown.of(error)


def _listing(
    bucket: BackupBucket, prefix: str, budget: RequestBudget
) -> list[StoredVersion] | Unknown:
    return _or_unknown(lambda: list_versions(bucket, prefix, budget))


def _unmanaged_prefixes(
    bucket: BackupBucket, settings: WatchedSettings, listings: _Listings, budget: RequestBudget
) -> tuple[str, ...] | Unknown:
    """All of them, or why some are unknown: an incomplete list would resolve findings."""
    known = {each.name for each in settings.databases}
    strange = set(list_unknown_roots(bucket, budget))
    for listing in listings.values():
        if isinstance(listing, Unknown):
            return listing
        strange |= unmanaged_prefixes_among(listing, known)
    return tuple(sorted(strange))


def _objects_of(database: str, listings: _Listings) -> tuple[StoredVersion, ...] | Unknown:
    """All objects of a database, or the reason why some are unknown."""
    found: list[StoredVersion] = []
    for prefix, listing in listings.items():
        if isinstance(listing, Unknown):
            return listing
        found += (each for each in listing if each.key.startswith(f"{prefix}{database}/"))
    return tuple(found)


def _database(
    database: WatchedDatabase,
    objects: tuple[StoredVersion, ...] | Unknown,
    reader: "_Reader",
    settings: WatchedSettings,
    now: datetime,
) -> tuple[DatabaseFacts, list[Problem]]:
    """The facts about a database, and the gaps in them; one document at a time is in memory."""
    if isinstance(objects, Unknown):
        return DatabaseFacts(name=database.name, objects=objects), []
    backups = backups_to_read(objects, settings.monitor.history)
    reduction = Reduction(Versions(objects, now), settings.monitor)
    manifests = [
        reader.read(each.manifest_key, Manifest.from_json, reduction.add) for each in backups
    ]
    reports = [
        reader.read(key, DrillReport.from_json, without_details)
        for key in reports_to_read(objects, MAX_REPORTS)
    ]
    attempts = [
        reader.record(attempt_key(database.name, kind), Attempt.from_json) for kind in AttemptKind
    ]
    provider = (
        reader.record(provider_key(database.name), ProviderReport.from_json)
        if database.neon
        else None
    )
    read = [*manifests, *reports, *attempts, provider]
    facts = DatabaseFacts(
        name=database.name,
        objects=objects,
        manifests=(*reduction.done(), *_of(Unreadable, manifests)),
        drills=tuple(each for each in reports if not isinstance(each, Problem)),
        attempts=tuple(_of(Attempt, attempts)),
        provider=provider if isinstance(provider, ProviderReport) else None,
    )
    return facts, [replace(each, database=database.name) for each in _of(Problem, read)]


def _of[T](kind: type[T], items: Iterable[object]) -> Iterator[T]:
    return (each for each in items if isinstance(each, kind))


class _Parser[T](Protocol):
    def __call__(self, document: bytes, *, key: str) -> T: ...


@dataclass
class _Reader:
    """Reads documents for several databases in parallel; one at a time is parsed in memory."""

    bucket: BackupBucket
    budget: RequestBudget
    digests: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read[T, R](
        self, key: str, parse: _Parser[T], reduce: Callable[[T], R]
    ) -> R | Unreadable | Problem:
        """The reduced document, or the reason why it could not be read."""
        client, bucket = self.bucket.client, self.bucket.name
        try:
            with self.budget.request(f"read s3://{bucket}/{key}"):
                answer = client.get_object(Bucket=bucket, Key=key)
                if answer["ContentLength"] > MAX_DOCUMENT_BYTES:
                    return _too_large(key, answer["ContentLength"])
                body = answer["Body"].read()
        except LifeboatError as error:
            return Problem.of(f"read {key}", error)
        with self._lock:
            self.digests[key] = hashlib.sha256(body).hexdigest()
            try:
                return reduce(parse(body, key=key))
            except LifeboatError as error:
                return Unreadable.of(key, error)

    def record[T](self, key: str, parse: _Parser[T]) -> T | Problem | None:
        """A small document that is overwritten again and again; None if there is none."""
        client, bucket = self.bucket.client, self.bucket.name
        try:
            with self.budget.request(f"read s3://{bucket}/{key}"):
                try:
                    answer = client.get_object(Bucket=bucket, Key=key)
                except ClientError as error:
                    if code_of(error) != "NoSuchKey":
                        raise
                    return None
                body = answer["Body"].read(MAX_RECORD_BYTES)
            return parse(body, key=key)
        except LifeboatError as error:
            return Problem.of(f"read {key}", error)


def _too_large(key: str, found: int) -> Unreadable:
    return Unreadable(
        key=key,
        why=f"{key} has {format_size(found)}, more than any document of Lifeboat"
        f" ({format_size(MAX_DOCUMENT_BYTES)}).",
        safe="The archive beside it may be complete; it was not read.",
        todo="Find out who wrote it.",
    )
