"""What holds of every source that a backup may read: the database itself, and copies of it."""

from collections.abc import Iterator

import psycopg
import pytest

from lifeboat.errors import LifeboatError
from lifeboat.postgres.source import DatabaseItself, OpenSource, Source
from local.aws import LocalAws
from local.neon import FakeNeon
from local.neon.storage import DATABASE
from tests.support.branches import KEY, PASSWORD, ROLE, BranchLab

SOURCES = ("database", "branch")


@pytest.fixture(scope="module")
def running(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BranchLab]:
    root = tmp_path_factory.mktemp("sources")
    with FakeNeon.start(KEY, root=root) as neon:
        made = BranchLab.make(aws, neon, root)
        with made.owner() as owner:
            owner.execute("CREATE TABLE users AS SELECT generate_series(1, 10) AS id")
        yield made


@pytest.fixture
def lab(running: BranchLab) -> BranchLab:
    running.renew()
    return running


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest, lab: BranchLab) -> Iterator[Source]:
    made: Source = lab.source() if request.param == "branch" else DatabaseItself(lab.login)
    yield made
    made.close()


def ask(opened: OpenSource, query: str) -> object:
    login = opened.read_login()
    conninfo = login.endpoint.conninfo(ca_file=login.ca_file)
    with psycopg.connect(**conninfo, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    return row and row[0]


def test_it_has_what_was_committed_before_and_is_called_the_same(
    source: Source, lab: BranchLab
) -> None:
    lab.neon.control.makes_copies = True
    with lab.owner() as owner:
        owner.execute("INSERT INTO users SELECT count(*) + 1 FROM users")
        (rows, major) = (
            owner.execute(
                "SELECT count(*), current_setting('server_version_num') FROM users"
            ).fetchone()
            or ()
        )
    opened = source.open()
    assert ask(opened, "SELECT count(*) FROM users") == rows
    assert ask(opened, "SELECT current_setting('server_version_num')") == major
    assert ask(opened, "SELECT current_database()::text") == DATABASE
    assert ask(opened, "SELECT current_user::text") == ROLE
    database = opened.database or opened.read_login().endpoint
    assert database.digest == lab.login().endpoint.digest


def test_attempts_of_a_run_share_it(source: Source) -> None:
    first, again = source.open(), source.open()
    assert first.read_login() == again.read_login()
    assert first.branch == again.branch


def test_nothing_of_it_remains(source: Source, lab: BranchLab) -> None:
    source.close()
    ask(source.open(), "SELECT 1")
    source.close()
    source.close()
    assert lab.names() == ["main"]
    assert [lab.kept(stage) for stage in ("AWSCURRENT", "AWSPREVIOUS")] == ["-", "-"]
    assert lab.events == []


def test_what_it_refuses_is_told_without_a_secret(source: Source, lab: BranchLab) -> None:
    manager, url = lab.aws.client("secretsmanager"), lab.login().endpoint.shown
    broken = url.replace("***", f"{PASSWORD}@{PASSWORD}")
    kept = manager.get_secret_value(SecretId=lab.arns["database"])["SecretString"]
    manager.put_secret_value(SecretId=lab.arns["database"], SecretString=broken)
    try:
        with pytest.raises(LifeboatError) as refused:
            source.open().read_login()
    finally:
        manager.put_secret_value(SecretId=lab.arns["database"], SecretString=kept)
    assert PASSWORD not in f"{refused.value}{refused.value.__context__}{lab.written()}"
    assert lab.names() == ["main"]
