"""Takes one backup: everything is stored and checked before the manifest says that it exists."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import lifeboat
from lifeboat.errors import LockQueueError, OutOfTimeError, SlotTakenError
from lifeboat.policy.identifiers import split_qualified
from lifeboat.policy.inventory import Source
from lifeboat.policy.manifest import Archive, Manifest, Retention, StoredObject
from lifeboat.policy.names import BackupLocation
from lifeboat.policy.rows import require_same
from lifeboat.policy.tiers import expires, locked_until
from lifeboat.postgres.census import read_source, with_descendants
from lifeboat.postgres.connect import (
    WAKE_SECONDS,
    Connection,
    connect,
    open_again,
    require_major,
    require_own_sessions,
    speaking_to,
)
from lifeboat.postgres.dump import Dump
from lifeboat.postgres.login import Login
from lifeboat.postgres.preflight import require_readable
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.snapshot import Snapshot, held_snapshot, require_no_queue
from lifeboat.postgres.watch import Watch
from lifeboat.services.stopwatch import Stopwatch
from lifeboat.services.stream_archive import Streamed, archive_stream
from lifeboat.services.survey import Survey, beside, survey
from lifeboat.settings import Settings
from lifeboat.vault.bucket import Protection, SlotState, Vault
from lifeboat.vault.upload import ArchiveUpload

_ATTEMPTS = 5
_OTHER_RUN_SECONDS = 10
_SQL_ASCII = "SQL_ASCII"


@dataclass(frozen=True)
class Request:
    """Which backup to take.

    Attributes:
        location: its tier, database and slot, and so its keys.
        label: what the person who asked for it calls it.
        run_id: the invocation's, for the log.
    """

    location: BackupLocation
    label: str | None
    run_id: str


@dataclass(frozen=True)
class Means:
    """What a run works with.

    Attributes:
        settings: of this database alone.
        vault: where it goes.
        programs: pg_dump and its kin.
        read_login: reads the database's secret, anew at each call.
        remaining: seconds until the run has to be over.
    """

    settings: Settings
    vault: Vault
    programs: Programs
    read_login: Callable[[], Login]
    remaining: Callable[[], float]


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        manifest: the slot's published backup.
        taken: whether this run took it; else the slot had been served already.
    """

    manifest: Manifest
    taken: bool


def take_backup(request: Request, means: Means) -> Outcome:
    """Take the backup of one slot, unless it is there already.

    Returns only when archive, globals and manifest are stored and checked, by this run or by
    another one of the same slot. Raises otherwise, and leaves nothing that looks like a backup.

    Raises:
        BackupError: see its subclasses in `lifeboat.errors`.
        ManifestError: the slot holds a manifest that can't be read.
    """
    run = _Run(request, means)
    try:
        with Watch(means.remaining(), run.out_of_time) as watch:
            return run.take(watch)
    except SlotTakenError:
        published = _published_by_another(request.location, means)
        if published is None:
            raise
        return Outcome(published, taken=False)


def _published_by_another(location: BackupLocation, means: Means) -> Manifest | None:
    """The manifest of the run that won the slot; its archive comes some seconds before it."""
    give_up = time.monotonic() + min(_OTHER_RUN_SECONDS, max(means.remaining(), 0))
    while (slot := means.vault.look(location)).manifest is None and time.monotonic() < give_up:
        time.sleep(1)
    return slot.manifest


@dataclass(frozen=True)
class _Ready:
    """A database that has been found fit for a backup."""

    login: Login
    scout: Connection
    holder: Connection
    major: int


@dataclass(frozen=True)
class _Evidence:
    """What a finished archive was checked against, and what the manifest will say of it."""

    source: Source
    dump: Dump
    survey: Survey
    streamed: Streamed
    notes: tuple[str, ...]
    archive: StoredObject


class _Run:
    """One attempt at a slot."""

    def __init__(self, request: Request, means: Means) -> None:
        self._request = request
        self._means = means
        self._settings = means.settings
        self._retention = means.settings.retention.of(request.location.tier.value)
        self._started = datetime.now(UTC).replace(microsecond=0)  # S3's locks know no fractions
        self._phases = Stopwatch()
        self._upload = ArchiveUpload(
            means.vault,
            request.location.archive_key,
            self._protection(),
            wait_seconds=means.remaining,
        )

    def out_of_time(self) -> OutOfTimeError:
        """The error for a run that has to end here, with how far it came."""
        return OutOfTimeError(
            f"The function's time ran out after {self._phases.total():.0f} s, during"
            f" {self._phases.phase}, with {self._upload.total / 1e6:.1f} MB of the archive sent.",
            todo="Give the function more time (backup.timeout_minutes, at most 15) or more memory,"
            " which brings more CPU (backup.memory_mb), or leave large tables' rows out"
            " (exclude_table_data).",
        )

    def take(self, watch: Watch) -> Outcome:
        """Do it, in the order that makes the manifest true."""
        with self._phases.timed("look"):
            slot = watch.call(self._look)
        if slot.manifest:
            return Outcome(slot.manifest, taken=False)
        with self._ready(watch) as ready:
            evidence = self._store_archive(ready, slot, watch)
        with self._phases.timed("publish"):
            return Outcome(self._publish(evidence, watch), taken=True)

    def _look(self) -> SlotState:
        return self._means.vault.look(self._request.location)

    @contextmanager
    def _ready(self, watch: Watch) -> Iterator[_Ready]:
        with ExitStack() as stack:
            with self._phases.timed("connect"):
                scout, login = self._connect(watch)
                stack.enter_context(speaking_to(login))
                stack.enter_context(closing(scout))
                major = require_major(scout, self._means.programs.majors())
                holder = watch.call(lambda: open_again(login, keep=watch.connection))
                stack.enter_context(closing(holder))
                require_own_sessions(scout, holder, login)
            with self._phases.timed("preflight"):
                require_readable(scout, login.endpoint.user)
            yield _Ready(login, scout, holder, major)

    def _connect(self, watch: Watch) -> tuple[Connection, Login]:
        """Give up with half of the time left, so that the error can say why."""
        patience = min(WAKE_SECONDS, self._means.remaining() / 2)
        return watch.call(
            lambda: connect(self._means.read_login, keep=watch.connection, wake_seconds=patience)
        )

    def _store_archive(self, ready: _Ready, slot: SlotState, watch: Watch) -> _Evidence:
        with self._phases.timed("upload"):
            watch.call(self._upload.open)
        with self._upload as upload:
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    return self._attempt(ready, slot, upload, watch)
                except LockQueueError:
                    if attempt == _ATTEMPTS:
                        raise
        raise AssertionError  # the loop returns or raises

    def _attempt(
        self, ready: _Ready, slot: SlotState, upload: ArchiveUpload, watch: Watch
    ) -> _Evidence:
        wait = self._settings.backup.lock_wait_seconds
        with ExitStack() as stack:
            with self._phases.timed("snapshot"):
                snapshot = stack.enter_context(
                    held_snapshot(ready.holder, ready.scout, lock_wait_seconds=wait)
                )
                source = read_source(snapshot.connection)
                excluded, notes = self._excluded(snapshot)
                dump = self._dump(ready, snapshot, source, excluded)
                stream = stack.enter_context(archive_stream(dump, upload, watch))
                if not stream.pass_on():
                    require_no_queue(ready.scout)
            with self._phases.timed("archive"):
                counting = stack.enter_context(
                    beside(
                        watch,
                        lambda: survey(
                            snapshot,
                            dump,
                            ready.login,
                            watch,
                            excluded=excluded,
                            checksums=self._settings.backup.checksums,
                        ),
                    )
                )
                streamed = stream.finish(watch)
            with self._phases.timed("count"):
                surveyed = counting.result()
            require_same(surveyed.inventory, streamed.counted)
            with self._phases.timed("complete"):
                archive = watch.call(lambda: self._complete(upload, slot))
        if streamed.said:
            notes = (*notes, f"pg_dump: {streamed.said}")
        notes = (*ready.login.notes, *notes, *surveyed.notes)
        return _Evidence(source, dump, surveyed, streamed, notes, archive)

    def _complete(self, upload: ArchiveUpload, slot: SlotState) -> StoredObject:
        """Make the archive visible, unless what looked like a leftover was another run's.

        That run has published it meanwhile, and its manifest must not lose its archive to ours.
        """
        upload.settle()
        if slot.has_archive and self._look().manifest:
            raise SlotTakenError(
                f"Another run has published {self._request.location.id}.",
                todo="Nothing: the backup of this slot exists.",
            )
        return upload.complete(only_first=not slot.has_archive)

    def _excluded(self, snapshot: Snapshot) -> tuple[frozenset[int], tuple[str, ...]]:
        """Numbers of the tables whose rows stay out, and notes on what is unexpected there."""
        wanted = {split_qualified(n): n for n in self._settings.databases[0].exclude_table_data}
        found = {(r.schema, r.name): r.oid for r in snapshot.relations}
        oids = [oid for name, oid in found.items() if name in wanted]
        notes = tuple(
            f"exclude_table_data names {text}, which does not exist."
            for name, text in wanted.items()
            if name not in found
        )
        lost = [r for r in snapshot.relations if r.lost]
        notes += tuple(
            f"{r.schema}.{r.name} is unlogged: its rows are on the primary server only, not on this"
            " standby."
            for r in lost
        )
        return with_descendants(snapshot.connection, oids) | {r.oid for r in lost}, notes

    def _dump(
        self, ready: _Ready, snapshot: Snapshot, source: Source, excluded: frozenset[int]
    ) -> Dump:
        return Dump(
            programs=self._means.programs,
            major=ready.major,
            connection=ready.login.environment(),
            snapshot=snapshot.id,
            compression=self._settings.backup.compression,
            encoding=None if source.encoding == _SQL_ASCII else "UTF8",
            without_data_of=tuple(
                (r.schema, r.name) for r in snapshot.relations if r.oid in excluded
            ),
        )

    def _protection(self) -> Protection:
        locked = locked_until(
            self._settings.lock_days(self._request.location.tier.value), self._started
        )
        mode, key = self._settings.object_lock, self._settings.encryption
        return Protection(
            kms_key=None if key == "S3" else key,
            lock_mode=None if mode == "off" else mode.upper(),
            locked_until=locked,
        )

    def _publish(self, evidence: _Evidence, watch: Watch) -> Manifest:
        """Store the globals, then the manifest: from then on the backup exists."""
        location, vault, protection = self._request.location, self._means.vault, self._protection()
        script = evidence.survey.globals
        roles = script and watch.call(lambda: vault.put(location.globals_key, script, protection))
        manifest = self._manifest(evidence, roles or None)
        document = manifest.to_json()
        try:
            watch.call(
                lambda: vault.put(location.manifest_key, document, protection, only_first=True)
            )
        except SlotTakenError:
            # The SDK sends a request again whose answer was lost; then it was our own that won.
            if watch.call(self._look).manifest != manifest:
                raise
        return manifest

    def _manifest(self, evidence: _Evidence, roles: StoredObject | None) -> Manifest:
        location, dump = self._request.location, evidence.dump
        return Manifest(
            database=location.database,
            tier=location.tier,
            slot=location.slot,
            label=self._request.label,
            run_id=self._request.run_id,
            lifeboat=lifeboat.__version__,
            started=self._started,
            finished=datetime.now(UTC),
            archive=Archive(
                compression=dump.effective_compression,
                pg_dump=dump.programs.version("pg_dump", dump.major),
                objects=(evidence.archive,),
            ),
            globals=roles,
            notes=evidence.notes,
            source=evidence.source,
            inventory=evidence.survey.inventory.model_copy(
                update={"sequences": tuple(evidence.streamed.counted.sequences)}
            ),
            retention=Retention(
                expires=expires(self._retention.days, self._started),
                locked_until=self._protection().locked_until,
                lock_mode=self._settings.object_lock,
            ),
            seconds=dict(self._phases.seconds),
        )
