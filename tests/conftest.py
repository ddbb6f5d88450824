"""Real servers of every major, and an S3 with versions, locks and conditional writes."""

import ctypes
import gc
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore import retryhandler, session
from botocore.loaders import create_loader
from botocore.retries import standard
from coverage import Coverage
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from layers.postgres import server_tree
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.timeouts import set_testing
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.support.backup_harness import MAJORS, BackupHarness, Bucket, Database
from tests.support.oldest_python import oldest_python
from tests.support.temporary_files import TemporaryFiles

pytest_plugins = ["tests.support.fault_report"]

_NUMBERS = count(1)
_M_ARENA_MAX = -8  # malloc.h
_FILES = pytest.StashKey[TemporaryFiles | None]()

#: Their fixtures take many seconds, so one worker has all of the folder; and first, since the
#: others can share what remains.
DEAR = ("tests/deployed", "tests/stack", "tests/setup")

#: Folders and files whose tests don't run, in their own process, what the coverage gate is on, or
#: run it by chance. Tracing them would take twice their time, and count lines that merely ran on
#: the way.
UNMEASURED = (
    "tests/deployed/",
    "tests/faults/test_bad_settings.py",
    "tests/layers/",
    "tests/local/",
    "tests/setup/",
    "tests/stack/",
    "tests/unit/infra/",
    "tests/unit/test_benchmarks.py",
    "tests/unit/test_demo_steps.py",
    "tests/unit/test_fault_report.py",
    "tests/unit/test_ministack_patches.py",
    "tests/unit/test_no_text_takes_long.py",
    "tests/unit/test_pages.py",
    "tests/unit/test_reference.py",
    "tests/unit/test_release.py",
    "tests/unit/test_types_of_the_cdk.py",
    "tests/unit/test_what_to_type.py",
    "tests/unit/test_wide_bucket.py",
)


def pytest_report_header() -> str:
    """CI's log says by which Python it has tested what runs in AWS CloudShell."""
    version, python = oldest_python()
    return f"lifeboat.pyz: tested with Python {version} ({python})"


def pytest_configure(config: pytest.Config) -> None:
    _keep_small()
    if not hasattr(config, "workerinput"):  # workers are children, which inherit it
        config.stash[_FILES] = TemporaryFiles.in_memory()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if files := session.config.stash.get(_FILES, None):
        files.close(keep=exitstatus != 0)


def _keep_small() -> None:
    """Let glibc give all threads memory from one heap.

    A program that is to run as another user is started by a fork, which copies the page table of
    the worker. With a heap for each of many threads, workers grow to 900 MB.
    """
    libc: Any = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests and their modules, which each collection would look through


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: unit_of_work(item.nodeid) not in DEAR)
    for item in items:
        # What chance runs through is no coverage either: examples by hand have to get there.
        by_chance = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if by_chance and not item.nodeid.startswith(UNMEASURED):
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Without a tracer where nothing is measured; a mark would leave it on in the fixtures."""
    tracing = Coverage.current() if item.nodeid.startswith(UNMEASURED) else None
    if tracing:
        tracing.stop()
    try:
        return (yield)
    finally:
        if tracing:
            tracing.start()


def unit_of_work(nodeid: str) -> str:
    """What one worker has to itself: a file, whose tests share servers, or a folder."""
    file = nodeid.partition("::")[0]
    folder = file.rpartition("/")[0]
    return folder if folder in DEAR else file


class ByUnitOfWork(LoadScopeScheduling):  # type: ignore[misc]
    """In the order of collection, where xdist would begin with the units of most tests."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of_work(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return ByUnitOfWork(config, log)


@pytest.fixture(scope="session", autouse=True)
def brisk() -> Iterator[None]:
    """Try again at once: as often as ever, but with no pauses worth the name in between.

    What is waited for an answer is as long as in production, but where a test shortens it.
    """
    pauses = set_testing(
        other_run_pause_seconds=0.05,
        wake_pause_seconds=0.05,
        retry_pause_seconds=0.05,
        provider_pause_seconds=0.02,
        provider_poll_seconds=0.05,
    )
    with pauses, pytest.MonkeyPatch.context() as patch:
        patch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0.01)
        patch.setattr(retryhandler, "delay_exponential", lambda **_: 0.01)
        yield


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Let all sessions of botocore share what they read of the services' descriptions.

    It is the same for all, and reading it is half of what a new session's first client takes.
    """
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", lambda _: loader)
        yield


@pytest.fixture(scope="session")
def programs() -> Programs:
    """The programs that the servers bring; the layer's own are tested where it is deployed."""
    return Programs(server_tree(MAJORS))


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[int, PostgresServer]]:
    """Those that run, by their major."""
    running: dict[int, PostgresServer] = {}
    yield running
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def server_of(
    servers: dict[int, PostgresServer], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], PostgresServer]:
    """A running server of a major, started when first asked for."""

    def get(major: int) -> PostgresServer:
        if major not in servers:
            root = tmp_path_factory.mktemp(f"postgres-{major}")
            servers[major] = PostgresServer.start(major=major, root=root)
        return servers[major]

    return get


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One for all tests of a worker; the periods of its alarms are seconds, not hours."""
    root = tmp_path_factory.mktemp("aws")
    with LocalAws.start(root=root, alarm_period_seconds=2) as running:
        yield running


@pytest.fixture(scope="session")
def account(aws: LocalAws) -> LocalAws:
    """An AWS account in which the CDK may deploy."""
    aws.bootstrap()
    return aws


@pytest.fixture
def bucket(aws: LocalAws) -> Bucket:
    """A bucket of the test's own, versioned and able to lock."""
    return Bucket.create(aws.client("s3"), f"bucket-{next(_NUMBERS)}")


@pytest.fixture
def new_database(
    server_of: Callable[[int], PostgresServer],
) -> Iterator[Callable[..., Database]]:
    """Makes an empty database on a server of some major, dropped after the test."""
    made: list[Database] = []

    def make(major: int = 18, *, options: str = "") -> Database:
        database = Database.create(server_of(major), f"db{next(_NUMBERS)}", options)
        made.append(database)
        return database

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def backups(
    new_database: Callable[..., Database], bucket: Bucket, programs: Programs, tmp_path: Path
) -> BackupHarness:
    """A database of the newest major with a few rows, a bucket, and what it takes to back it up."""
    database = new_database()
    database.run(
        "CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL)",
        "INSERT INTO users (email) SELECT 'user' || i || '@example.com'"
        " FROM generate_series(1, 1000) i",
    )
    return BackupHarness(database, bucket, programs, tmp_path)
