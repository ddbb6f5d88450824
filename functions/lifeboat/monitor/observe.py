"""Gathers everything by which the vault's health is judged, and judges nothing.

The role behind it can list, and read manifests, drill reports and the bucket's configuration; it
can't read an archive. A version's bytes never change in S3, so versions and sizes are enough.
"""

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
from lifeboat.model.keys import DRILLS, attempt_key
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_size
from lifeboat.model.tiers import Tier
from lifeboat.monitor.bucket_facts import bucket_facts
from lifeboat.monitor.listings import (
    list_strange_roots,
    list_uploads,
    list_versions,
    strangers_among,
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
from lifeboat.monitor.policy.reduction import Reduction, gist
from lifeboat.monitor.policy.versions import Versions
from lifeboat.monitor.request_budget import Calls
from lifeboat.s3.bucket import Vault, code_of
from lifeboat.settings import WatchedDatabase, WatchedSettings

REPORTS = 5
"""How many drill reports of a database are read: forecasts need a few, verdicts one."""

_LISTINGS = 300
"""Requests for everything but documents; a listing takes one for each thousand versions."""

LARGEST = 64_000_000
"""Bytes of a document that are read: ten times what the manifest of 50,000 tables has."""

LARGEST_ATTEMPT = 64_000
"""Bytes of a run's record that are read; its texts are bounded, and a longer one is none."""

_READERS = 4
"""Databases at once: waiting for S3 takes longer than reading what it sends."""

_PREFIXES = tuple(f"{root}/" for root in (*Tier, DRILLS))

type _Listings = Mapping[str, list[StoredVersion] | Unknown]


def most_calls(settings: WatchedSettings) -> int:
    """The budget of one look: enough for a quarter of a million versions in the vault.

    Of each database the last manifests are read, one more for each tier, the last reports, and the
    records of its last runs.
    """
    documents = settings.monitor.history + len(Tier) + REPORTS + len(AttemptKind)
    return _LISTINGS + len(settings.databases) * documents


def observe(
    vault: Vault, settings: WatchedSettings, stack: str, calls: Calls, now: datetime
) -> Facts:
    """Everything that can be seen now; what can't is said in the facts.

    Args:
        vault: the bucket.
        settings: which databases there should be, and how much history is judged.
        stack: name of the stack, which advice needs.
        calls: the budget; see `most_calls`.
        now: the moment of the look, in UTC.
    """
    listings = {prefix: _listing(vault, prefix, calls) for prefix in _PREFIXES}
    bucket = bucket_facts(vault, calls)
    uploads = _seen(lambda: list_uploads(vault, calls))
    unmanaged_prefixes = _seen(lambda: _unmanaged_prefixes(vault, settings, listings, calls))
    reader = _Reader(vault, calls)

    def seen(database: WatchedDatabase) -> tuple[DatabaseFacts, list[Problem]]:
        return _database(database, _objects_of(database.name, listings), reader, settings, now)

    with ThreadPoolExecutor(_READERS) as pool:
        databases = list(pool.map(seen, settings.databases))
    return Facts(
        vault=vault.bucket,
        region=vault.client.meta.region_name,
        stack=stack,
        bucket=bucket,
        databases=tuple(facts for facts, _ in databases),
        unmanaged_prefixes=unmanaged_prefixes,
        uploads=uploads,
        problems=tuple(problem for _, problems in databases for problem in problems),
    )


def _seen[T](look: Callable[[], T | Unknown]) -> T | Unknown:
    try:
        return look()
    except LifeboatError as error:
        return Unknown.of(error)


def _listing(vault: Vault, prefix: str, calls: Calls) -> list[StoredVersion] | Unknown:
    return _seen(lambda: list_versions(vault, prefix, calls))


def _unmanaged_prefixes(
    vault: Vault, settings: WatchedSettings, listings: _Listings, calls: Calls
) -> tuple[str, ...] | Unknown:
    """All of them, or why they are not all known: those unseen would be taken for gone."""
    known = {each.name for each in settings.databases}
    strange = set(list_strange_roots(vault, calls))
    for listing in listings.values():
        if isinstance(listing, Unknown):
            return listing
        strange |= strangers_among(listing, known)
    return tuple(sorted(strange))


def _objects_of(database: str, listings: _Listings) -> tuple[StoredVersion, ...] | Unknown:
    """A database's objects, or why they are not all known: a part of them would be misjudged."""
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
    """What there is of a database, and the gaps in that; it never holds two documents."""
    if isinstance(objects, Unknown):
        return DatabaseFacts(name=database.name, objects=objects), []
    backups = backups_to_read(objects, settings.monitor.history)
    reduction = Reduction(Versions(objects, now), settings.monitor)
    manifests = [
        reader.read(each.manifest_key, Manifest.from_json, reduction.add) for each in backups
    ]
    reports = [
        reader.read(key, DrillReport.from_json, gist) for key in reports_to_read(objects, REPORTS)
    ]
    attempts = [reader.attempt(attempt_key(database.name, kind)) for kind in AttemptKind]
    read = [*manifests, *reports, *attempts]
    facts = DatabaseFacts(
        name=database.name,
        objects=objects,
        manifests=(*reduction.done(), *_of(Unreadable, manifests)),
        drills=tuple(each for each in reports if not isinstance(each, Problem)),
        attempts=tuple(_of(Attempt, attempts)),
    )
    return facts, [replace(each, database=database.name) for each in _of(Problem, read)]


def _of[T](kind: type[T], items: Iterable[object]) -> Iterator[T]:
    return (each for each in items if isinstance(each, kind))


class _Parser[T](Protocol):
    def __call__(self, document: bytes, *, key: str) -> T: ...


@dataclass
class _Reader:
    """Reads documents for several databases at once, and holds one of them in memory at a time."""

    vault: Vault
    calls: Calls
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def read[T, R](
        self, key: str, parse: _Parser[T], reduce: Callable[[T], R]
    ) -> R | Unreadable | Problem:
        """What `reduce` leaves of the document; or why it is unread."""
        client, bucket = self.vault.client, self.vault.bucket
        try:
            with self.calls.one(f"read s3://{bucket}/{key}"):
                answer = client.get_object(Bucket=bucket, Key=key)
                if answer["ContentLength"] > LARGEST:
                    return _too_large(key, answer["ContentLength"])
                body = answer["Body"].read()
        except LifeboatError as error:
            return Problem.of(f"read {key}", error)
        with self._turn:
            try:
                return reduce(parse(body, key=key))
            except LifeboatError as error:
                return Unreadable.of(key, error)

    def attempt(self, key: str) -> Attempt | Problem | None:
        """The record of a run; None when there is none, for want of a run or after its deletion."""
        client, bucket = self.vault.client, self.vault.bucket
        try:
            with self.calls.one(f"read s3://{bucket}/{key}"):
                try:
                    answer = client.get_object(Bucket=bucket, Key=key)
                except ClientError as error:
                    if code_of(error) != "NoSuchKey":
                        raise
                    return None
                body = answer["Body"].read(LARGEST_ATTEMPT)
            return Attempt.from_json(body, key=key)
        except LifeboatError as error:
            return Problem.of(f"read {key}", error)


def _too_large(key: str, found: int) -> Unreadable:
    return Unreadable(
        key=key,
        why=f"{key} has {format_size(found)}, more than any document of Lifeboat"
        f" ({format_size(LARGEST)}).",
        safe="The archive beside it may be complete; it was not read.",
        todo="Find out who wrote it.",
    )
