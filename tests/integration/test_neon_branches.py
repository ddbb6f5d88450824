"""Branches of the stand-in for Neon, with real data, through the client and Neon's contract."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from lifeboat.errors import (
    ProviderError,
    ProviderGoneError,
    ProviderLimitError,
    ProviderOperationError,
    RefusedError,
)
from lifeboat.neon.answers import NewBranch
from lifeboat.neon.api import NeonApi
from lifeboat.neon.client import NeonProject
from local.neon import FakeNeon
from local.neon.storage import DATABASE, ROLE
from tests.support.neon_contract import ContractPool

KEY = "napi_s3cr3t0bait1234567890"
PATIENCE = 120.0


@pytest.fixture(scope="module")
def neon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeNeon]:
    """One project for all tests; each has a table of its own."""
    with FakeNeon.start(KEY, root=tmp_path_factory.mktemp("neon")) as running:
        yield running


@pytest.fixture
def project(neon: FakeNeon) -> Iterator[NeonProject]:
    through = NeonProject(NeonApi(KEY, ContractPool(), neon.url), neon.project.id)
    yield through
    neon.control.failing.clear()
    neon.project.main.protected = False


def uri(project: NeonProject, branch_id: str) -> str:
    return project.connection_uri(branch_id, database=DATABASE, role=ROLE).uri


def run(project: NeonProject, branch_id: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(uri(project, branch_id), autocommit=True) as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def make(project: NeonProject, name: str, at: datetime | None = None) -> NewBranch:
    made = project.create_branch(name, expires_at=in_two_hours(), at=at, largest_cu=1)
    project.wait_for(made.operations, seconds=PATIENCE)
    return made


def delete(project: NeonProject, branch_id: str) -> None:
    project.wait_for(project.delete_branch(branch_id), seconds=PATIENCE)


def in_two_hours() -> datetime:
    return datetime.now(UTC) + timedelta(hours=2)


def test_a_branch_has_the_rows_of_its_moment_and_is_gone_when_deleted(
    neon: FakeNeon, project: NeonProject
) -> None:
    main = neon.project.main.id
    run(project, main, "CREATE TABLE users AS SELECT generate_series(1, 10) AS id")
    before = datetime.now(UTC)
    run(project, main, "DELETE FROM users")
    made = project.create_branch("look", expires_at=in_two_hours(), at=before)
    assert made.branch.current_state == "init"
    assert [each.action for each in made.operations] == ["create_branch", "start_compute"]
    project.wait_for(made.operations, seconds=PATIENCE)
    branch = project.branch(made.branch.id)
    assert (branch.current_state, branch.parent_id) == ("ready", main)
    assert branch.parent_timestamp == before
    assert made.endpoints[0].branch_id == branch.id
    assert run(project, branch.id, "SELECT count(*) FROM users") == [(10,)]
    assert run(project, main, "SELECT count(*) FROM users") == [(0,)]
    assert [each.name for each in project.databases(branch.id)] == [DATABASE]
    assert [each.name for each in project.roles(branch.id)] == [ROLE]
    address = uri(project, branch.id)
    delete(project, branch.id)
    assert [each.name for each in project.branches()] == ["main"]
    assert project.delete_branch(branch.id) == ()
    with pytest.raises(ProviderGoneError, match="branch not found"):
        project.branch(branch.id)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)


def test_a_restore_keeps_the_address_and_the_old_state_under_its_name(
    neon: FakeNeon, project: NeonProject
) -> None:
    main = neon.project.main.id
    run(project, main, "CREATE TABLE orders AS SELECT generate_series(1, 20) AS id")
    good = datetime.now(UTC)
    run(project, main, "DELETE FROM orders WHERE id > 5")
    address = uri(project, main)
    with psycopg.connect(address, autocommit=True) as connection:
        change = project.restore_branch(main, at=good, preserve_under="main-before")
        project.wait_for(change.operations, seconds=PATIENCE)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert uri(project, main) == address
    assert run(project, main, "SELECT count(*) FROM orders") == [(20,)]
    old = next(each for each in project.branches() if each.name == "main-before")
    assert project.branch(main).parent_id == old.id
    again = project.create_branch("undo", expires_at=in_two_hours(), parent_id=old.id)
    project.wait_for(again.operations, seconds=PATIENCE)
    assert run(project, again.branch.id, "SELECT count(*) FROM orders") == [(5,)]
    # The way back: to the state that was kept.
    back = project.restore_branch(
        main, at=datetime.now(UTC), preserve_under="main-good", source_id=old.id
    )
    project.wait_for(back.operations, seconds=PATIENCE)
    assert run(project, main, "SELECT count(*) FROM orders") == [(5,)]
    delete(project, again.branch.id)


def test_a_child_of_a_protected_branch_has_passwords_of_its_own_and_ends_when_it_expires(
    neon: FakeNeon, project: NeonProject
) -> None:
    neon.project.main.protected = True
    with pytest.raises(ProviderError, match="HTTP 422"):
        project.delete_branch(neon.project.main.id)
    made = make(project, "child")
    theirs, ours = uri(project, made.branch.id), uri(project, neon.project.main.id)
    passwords = [psycopg.conninfo.conninfo_to_dict(each)["password"] for each in (theirs, ours)]
    assert passwords[0] != passwords[1]
    assert run(project, made.branch.id, "SELECT 1") == [(1,)]
    neon.control.advance(timedelta(minutes=119))
    assert project.branch(made.branch.id).expires_at == made.branch.expires_at
    neon.control.advance(timedelta(minutes=2))
    with pytest.raises(ProviderGoneError):
        project.branch(made.branch.id)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(theirs)
    neon.control.advance(timedelta(minutes=-121))


def test_an_operation_that_fails_is_told_with_its_reason(
    neon: FakeNeon, project: NeonProject
) -> None:
    neon.control.failing = ["create_branch"]
    made = project.create_branch("unlucky", expires_at=in_two_hours())
    told = 'Neon\'s operation create_branch ended as "failed": a failure on request'
    with pytest.raises(ProviderOperationError, match=told):
        project.wait_for(made.operations, seconds=PATIENCE)
    assert project.branch(made.branch.id).current_state == "init"
    delete(project, made.branch.id)


def test_limits_of_the_plan_are_told_as_such(neon: FakeNeon, project: NeonProject) -> None:
    neon.project.branches_limit = 1
    with pytest.raises(ProviderLimitError, match="BRANCHES_LIMIT_EXCEEDED"):
        project.create_branch("one too many", expires_at=in_two_hours())
    neon.project.branches_limit, neon.project.quota = 10, {"data_transfer_bytes": 1}
    with pytest.raises(ProviderLimitError, match="HTTP 402"):
        project.create_branch("suspended", expires_at=in_two_hours())
    neon.project.quota = {}


def test_a_moment_outside_of_the_window_and_a_state_that_is_not_kept_are_refused(
    neon: FakeNeon, project: NeonProject
) -> None:
    main = neon.project.main.id
    with pytest.raises(ProviderError, match="history window"):
        make(project, "too far", at=datetime.now(UTC) - timedelta(days=8))
    with pytest.raises(RefusedError, match="would not be kept"):
        project.restore_branch(main, at=datetime.now(UTC), preserve_under="")
