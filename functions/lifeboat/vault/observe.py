"""Gathers everything by which the vault's health is judged, and judges nothing.

The role behind it can list, and read manifests, drill reports and the bucket's configuration; it
can't read an archive. A version's bytes never change in S3, so versions and sizes are enough.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from lifeboat.errors import LifeboatError
from lifeboat.policy.drill_report import DrillReport
from lifeboat.policy.facts import (
    DatabaseFacts,
    Facts,
    Problem,
    StoredVersion,
    Unknown,
    Unreadable,
    backups_to_read,
    reports_to_read,
)
from lifeboat.policy.manifest import Manifest
from lifeboat.policy.names import DRILLS
from lifeboat.policy.tiers import Tier
from lifeboat.settings import WatchedDatabase, WatchedSettings
from lifeboat.vault.bucket import Vault
from lifeboat.vault.bucket_facts import bucket_facts
from lifeboat.vault.calls import Calls
from lifeboat.vault.listings import (
    list_strange_roots,
    list_uploads,
    list_versions,
    strangers_among,
)

REPORTS = 5
"""How many drill reports of a database are read: forecasts need a few, verdicts one."""

_LISTINGS = 300
"""Requests for everything but documents; a listing takes one for each thousand versions."""

_READERS = 8
_PREFIXES = tuple(f"{root}/" for root in (*Tier, DRILLS))

type _Listings = Mapping[str, list[StoredVersion] | Unknown]


def most_calls(settings: WatchedSettings) -> int:
    """The budget of one look: enough for a quarter of a million versions in the vault.

    Of each database the last manifests are read, one more for each tier, and the last reports.
    """
    documents = settings.monitor.history + len(Tier) + REPORTS
    return _LISTINGS + len(settings.databases) * documents


def observe(vault: Vault, settings: WatchedSettings, stack: str, calls: Calls) -> Facts:
    """Everything that can be seen now; what can't is said in the facts.

    Args:
        vault: the bucket.
        settings: which databases there should be, and how much history is judged.
        stack: name of the stack, which advice needs.
        calls: the budget; see `most_calls`.
    """
    listings = {prefix: _listing(vault, prefix, calls) for prefix in _PREFIXES}
    bucket = bucket_facts(vault, calls)
    uploads = _seen(lambda: list_uploads(vault, calls))
    strangers = _seen(lambda: _strangers(vault, settings, listings, calls))
    with ThreadPoolExecutor(_READERS) as pool:
        reader = _Reader(vault, calls, pool)
        databases = tuple(
            _database(each, _objects_of(each.name, listings), reader, settings)
            for each in settings.databases
        )
    return Facts(
        vault=vault.bucket,
        region=vault.client.meta.region_name,
        stack=stack,
        bucket=bucket,
        databases=databases,
        strangers=strangers,
        uploads=uploads,
        problems=tuple(reader.problems),
    )


def _seen[T](look: Callable[[], T | Unknown]) -> T | Unknown:
    try:
        return look()
    except LifeboatError as error:
        return Unknown.of(error)


def _listing(vault: Vault, prefix: str, calls: Calls) -> list[StoredVersion] | Unknown:
    return _seen(lambda: list_versions(vault, prefix, calls))


def _strangers(
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
) -> DatabaseFacts:
    if isinstance(objects, Unknown):
        return DatabaseFacts(name=database.name, objects=objects)
    backups = backups_to_read(objects, settings.monitor.history)
    manifests = [each.manifest_key for each in backups]
    return DatabaseFacts(
        name=database.name,
        objects=objects,
        manifests=reader.read(database.name, manifests, Manifest.from_json),
        drills=reader.read(database.name, reports_to_read(objects, REPORTS), DrillReport.from_json),
    )


class _Parser[T](Protocol):
    def __call__(self, document: bytes, *, key: str) -> T: ...


@dataclass
class _Reader:
    """Reads documents, some at a time; keeps what went wrong on the way."""

    vault: Vault
    calls: Calls
    pool: ThreadPoolExecutor
    problems: list[Problem] = field(default_factory=list)

    def read[T](
        self, database: str, keys: Iterable[str], parse: _Parser[T]
    ) -> tuple[T | Unreadable, ...]:
        """The documents with those keys, in their order; without those that did not arrive."""
        found: list[T | Unreadable] = []
        for each in self.pool.map(lambda key: self._one(database, key, parse), keys):
            if isinstance(each, Problem):
                self.problems.append(each)
            else:
                found.append(each)
        return tuple(found)

    def _one[T](self, database: str, key: str, parse: _Parser[T]) -> T | Unreadable | Problem:
        client, bucket = self.vault.client, self.vault.bucket
        try:
            with self.calls.one(f"read s3://{bucket}/{key}"):
                body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except LifeboatError as error:
            return Problem.of(f"read {key}", error, database=database)
        try:
            return parse(body, key=key)
        except LifeboatError as error:
            return Unreadable.of(key, error)
