"""Every case of the campaign is held to the law, and starts beside older backups."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

from lifeboat.backup.take_backup import take_backup
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import BackupBucket
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.support import invariants
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.counting import with_counter
from tests.support.drill_fixtures import drills, server_programs
from tests.support.fault_report import kind_of, leaves
from tests.support.proxy import Proxy
from tests.support.restore_harness import RestoreHarness
from tests.support.seen_bucket import DAY
from tests.support.slots import LAST_SLOT
from tests.support.step_faults import Clock

__all__ = ["drills", "server_programs"]

#: Of another database, so that no case takes them for its own. The monitor judges them, too.
OLDER_BACKUPS = (
    BackupLocation(Tier.WEEKLY, "elder", LAST_SLOT - DAY),
    BackupLocation(Tier.DAILY, "elder", LAST_SLOT),
)

#: What the library of the real programs does.
JAILED = 'test -z "$LIFEBOAT_JAIL" || printf j >"/dev/fd/$LIFEBOAT_JAIL_CONFIRM"'


@pytest.fixture
def restores(backups: BackupHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(backups, programs) as opened:
        yield opened


@pytest.fixture
def broken(backups: BackupHarness, tmp_path: Path) -> Iterator[Callable[[str, str], BackupHarness]]:
    """Puts a script in the place of one program; `$REAL` in it is the real one.

    It says that it is in its jail, which a program of another kind never does.
    """

    def make(name: str, script: str) -> BackupHarness:
        major = str(backups.database.server.major)
        real = backups.programs.root / major / "bin"
        folder = tmp_path / "programs" / major / "bin"
        folder.mkdir(parents=True)
        for program in ("pg_dump", "pg_restore", "pg_dumpall"):
            (folder / program).symlink_to(real / program)
        (folder / name).unlink()
        (folder / name).write_text(f"#!/bin/sh\n{JAILED}\nREAL={real / name}\n{script}\n")
        (folder / name).chmod(0o755)
        backups.programs = with_counter(tmp_path / "programs")
        return backups

    yield make
    backups.assert_nothing_was_published()


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with clock.running():
        yield clock


@pytest.fixture
def impatient() -> Iterator[None]:
    """What doesn't let us in isn't waited for as long as what may wake up."""
    with set_testing(wake_seconds=0.5):
        yield


@pytest.fixture
def s3_proxy(aws: LocalAws) -> Iterator[Proxy]:
    """A way to S3 that can be broken."""
    with Proxy("127.0.0.1", urlsplit(aws.endpoint).port or 443) as proxy:
        yield proxy


@pytest.fixture
def proxied_bucket(s3_proxy: Proxy, aws: LocalAws, bucket: Bucket) -> Iterator[BackupBucket]:
    """The bucket by that way, tried twice; the test itself sees it directly."""
    client = boto3.client(
        "s3",
        endpoint_url=f"https://127.0.0.1:{s3_proxy.port}",
        verify=str(aws.ca_file),
        region_name=aws.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 2}),
    )
    with set_testing(settle_seconds=0.5, abort_seconds=0.5):
        yield BackupBucket(client, bucket.name)
    client.close()


@pytest.fixture(scope="session")
def older_backups(
    aws: LocalAws,
    server_of: Callable[[int], PostgresServer],
    programs: Programs,
    tmp_path_factory: pytest.TempPathFactory,
) -> list[tuple[Manifest, list[bytes]]]:
    """Real backups, to be put into each case's bucket: manifest, archive and globals."""
    bucket = Bucket.create(aws.client("s3"), "bucket-of-elders")
    database = Database.create(server_of(18), "elder")
    database.run("CREATE TABLE kept AS SELECT i FROM generate_series(1, 100) i")
    backups = BackupHarness(database, bucket, programs, tmp_path_factory.mktemp("elder"))
    taken = []
    for location in OLDER_BACKUPS:
        manifest = take_backup(backups.run(location=location, run_id="run-0")).manifest
        bodies = [bucket.read(location.archive_key), bucket.read(location.globals_key)]
        taken.append((manifest, bodies))
    database.drop()
    return taken


@pytest.fixture(autouse=True)
def judged_case(
    request: pytest.FixtureRequest,
    servers: dict[int, PostgresServer],
    caplog: pytest.LogCaptureFixture,
) -> invariants.Case | None:
    """What the case is held to; the older backups lie in its bucket from here on."""
    if kind_of(request.node) is None:
        return None
    if "bucket" in request.fixturenames:
        put_older_backups(
            request.getfixturevalue("bucket"), request.getfixturevalue("older_backups")
        )
    caplog.set_level("DEBUG", "lifeboat")
    return invariants.Case({server.password for server in servers.values()})


def put_older_backups(bucket: Bucket, older_backups: list[tuple[Manifest, list[bytes]]]) -> None:
    """Put backups into a bucket as they were published, the manifest last."""
    for manifest, bodies in older_backups:
        stored = [*manifest.archive.objects, manifest.globals]
        put = []
        for each, body in zip(stored, bodies, strict=True):
            assert each is not None
            answer = bucket.client.put_object(Bucket=bucket.name, Key=each.key, Body=body)
            put.append(each.model_copy(update={"version_id": answer["VersionId"]}))
        archive = manifest.archive.model_copy(update={"objects": (put[0],)})
        placed = manifest.model_copy(update={"archive": archive, "globals": put[1]})
        bucket.client.put_object(Bucket=bucket.name, Key=placed.key, Body=placed.to_json())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Run the case and hold it to the law while everything that it was given is still there."""
    given: Any = item.funcargs if isinstance(item, pytest.Function) else {}
    case: invariants.Case | None = given.get("judged_case")
    if case is None:
        return (yield)
    scene = Scene(item)
    with invariants.held(case), scene.noting():
        result = yield
    scene.require(case)
    item.user_properties.append(("said", case.said))
    item.user_properties.append(("ended", case.ended))
    return result


class Scene:
    """What there is before a case, and what has to be there after it."""

    def __init__(self, item: Any) -> None:
        self._given: Any = item.funcargs
        self._leaves = leaves(item)
        self.servers: dict[int, PostgresServer] = self._given["servers"]
        self._names = {major: _names(server) for major, server in self.servers.items()}
        self._bucket: Bucket | None = self._given.get("bucket")
        self._temporary: list[str] = []
        self._threads = invariants.threads()
        if self._bucket:
            self._versions = invariants.versions(self._bucket)
            prefixes = tuple(location.prefix for location in OLDER_BACKUPS)
            newest = invariants.newest(self._bucket).items()
            self._older_backups = {
                key: version for key, version in newest if key.startswith(prefixes)
            }
            assert len(self._older_backups) == 3 * len(OLDER_BACKUPS)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note every temporary directory and file that is made."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("mkdtemp", "mkstemp"):
                patch.setattr(tempfile, name, self._noted(getattr(tempfile, name)))
            yield

    def require(self, case: invariants.Case) -> None:
        """Hold the case to the law."""
        self._require_nothing_lost()
        self._require_nothing_left(case)
        assert "unexpected" in self._leaves or not case.unexpected, case.unexpected
        invariants.require_no_secret(case.secrets, [self._given["caplog"].text])

    def _require_nothing_lost(self) -> None:
        if self._bucket:
            invariants.require_versions(self._versions, invariants.versions(self._bucket))
            invariants.require_newest(self._older_backups, invariants.newest(self._bucket))

    def _require_nothing_left(self, case: invariants.Case) -> None:
        place = getattr(self._given.get("drills") or self._given.get("restores"), "place", None)
        if "threads" not in self._leaves:
            invariants.require_no_threads(self._threads)
        if self._bucket and "uploads" not in self._leaves:
            invariants.require_no_uploads(self._bucket)
        invariants.require_no_programs(place)
        if place:
            invariants.require_empty(place)
        invariants.require_gone(self._temporary)
        for major, server in self.servers.items():
            names = _names(server)
            invariants.require_nothing_new(self._names.get(major, set()), names, case.everything)
            if "connections" not in self._leaves:
                invariants.require_no_connections(server, names)

    def _noted(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **keywords: Any) -> Any:
            made = make(*args, **keywords)
            path = made if isinstance(made, str) else made[1]
            if not Path(path).name.startswith("lifeboat-pg-"):  # a server that others share
                self._temporary.append(path)
            return made

        return noted


def _names(server: PostgresServer) -> set[str]:
    with server.admin() as admin:
        return {name for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()}
