"""The roles and secrets that setup makes, on servers whose administrator is no superuser."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lifeboat.errors import LifeboatError
from lifeboat.postgres.endpoint import parse_secret
from lifeboat_setup.candidates import Candidate, Lookout, by_administrator
from lifeboat_setup.carry_out import Journal, Makers, make_secrets_and_roles
from lifeboat_setup.kept_secrets import SecretNames, SecretsOf
from lifeboat_setup.urls import SetupError, read_url
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.setup.conftest import Provider, provider
from tests.support.backup_harness import MAJORS


@pytest.fixture
def look(account: LocalAws, tmp_path: Path) -> Lookout:
    kept = SecretsOf(account.client("secretsmanager"))
    return Lookout(kept, SecretNames("Roles"), tmp_path, MAJORS)


def candidate(look: Lookout, name: str, url: str) -> Candidate:
    endpoint, notes = read_url(url, "The URL")
    return by_administrator(look, name, endpoint, notes)


def made(look: Lookout, found: Candidate) -> tuple[Journal, list[str]]:
    said: list[str] = []
    journal = Journal()
    make_secrets_and_roles(Makers(look.kept, look.scratch, journal, said.append), found)
    return journal, said


def opened(look: Lookout, name: str) -> psycopg.Connection:
    kept = look.kept.find(name)
    assert kept
    return psycopg.connect(**parse_secret(kept.text).conninfo(), autocommit=True)


@pytest.mark.parametrize(("which", "name"), [("modern", "new-shop"), ("old", "old-shop")])
def test_the_reading_role_reads_everything_and_writes_nothing(
    which: str, name: str, request: pytest.FixtureRequest, look: Lookout
) -> None:
    where: Provider = request.getfixturevalue(which)
    url = where.create(name, "CREATE TABLE t AS SELECT 1 AS a", "CREATE SCHEMA s")
    found = candidate(look, name, url)
    assert (found.reading.work, found.restoring and found.restoring.work) == ("create", "create")
    journal, _ = made(look, found)
    assert len(journal.made) == len(journal.undo) == 4
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE TABLE s.later AS SELECT 2 AS a")
    with opened(look, f"Roles/{name}") as reading:
        assert reading.execute("SELECT a FROM s.later").fetchone() == (2,)
        reading.execute("SET default_transaction_read_only = off")
        for statement in ("DELETE FROM t", "CREATE TABLE s.x ()", "CREATE DATABASE x"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reading.execute(statement)

    again = candidate(look, name, url)
    assert {role.work for role in again.roles} == {role.storing for role in again.roles} == {"none"}


def test_who_may_not_grant_all_reading_grants_what_is_there(
    server_of: Callable[[int], PostgresServer],
    look: Lookout,
) -> None:
    where = provider(server_of(18), "narrow_owner", grants=False)
    url = where.create("narrow", "CREATE TABLE t AS SELECT 1 AS a", 'CREATE SCHEMA "S"')
    found = candidate(look, "narrow", url)
    assert found.reading.sql
    assert found.reading.sql.by_grants
    made(look, found)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA later")
        owner.execute("CREATE TABLE later.t AS SELECT 2 AS a")
        undo = found.reading.sql.undo
    with opened(look, "Roles/narrow") as reading:
        assert reading.execute("SELECT a FROM later.t").fetchone() == (2,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reading.execute("DELETE FROM t")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(undo.encode())


def test_a_run_that_ended_after_the_secrets_goes_on_with_their_passwords(
    modern: Provider, look: Lookout
) -> None:
    url = modern.create("halfway")
    first = candidate(look, "halfway", url)
    with modern.server.admin() as connection:
        connection.execute(f"ALTER ROLE {modern.owner} NOCREATEROLE")
    try:
        with pytest.raises(LifeboatError, match="lifeboat_halfway"):
            made(look, first)
    finally:
        with modern.server.admin() as connection:
            connection.execute(f"ALTER ROLE {modern.owner} CREATEROLE")
    second = candidate(look, "halfway", url)
    assert [(role.work, role.storing) for role in second.roles] == [("create", "none")] * 2
    assert second.reading.endpoint == first.reading.endpoint
    made(look, second)
    opened(look, "Roles/halfway").close()


def test_a_role_whose_password_no_secret_has_is_not_taken_over_silently(
    modern: Provider, look: Lookout
) -> None:
    url = modern.create("taken")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE ROLE lifeboat_taken LOGIN PASSWORD 'of-another-installation'")
    found = candidate(look, "taken", url)
    assert [role.takes_over for role in found.roles] == [True, False]
    made(look, found)
    opened(look, "Roles/taken").close()


def test_a_secret_that_leads_elsewhere_is_left_alone(modern: Provider, look: Lookout) -> None:
    made(look, candidate(look, "here", modern.create("here")))
    kept = look.kept.find("Roles/here")
    with pytest.raises(SetupError, match="leads to another database"):
        candidate(look, "here", modern.create("elsewhere"))
    assert look.kept.find("Roles/here") == kept
