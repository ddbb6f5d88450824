"""A server that is newer than its pg_dump, and a standby that is too old, are told of."""

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.minor_releases import (
    newer_server,
    newer_server_notes,
    unfixed_standby,
    unfixed_standby_notes,
)
from tests.support.seen_bucket import NEWEST, backup, healthy


@pytest.mark.parametrize(
    ("server", "program", "releases"),
    [
        ("17.12", "17.11", ("17.12", "17.11")),
        ("17.12 (Debian 17.12-1.pgdg13+1)", "17.9", ("17.12", "17.9")),
        ("17.12.1", "17.11", ("17.12", "17.11")),
        ("17.11", "17.11", None),
        ("17.9", "17.11", None),
        ("17.9 (b6b0b7f)", "17.10", None),
        ("19beta2", "19.1", None),
        ("18devel", "18.6", None),
        ("18.7", "17.11", None),
        ("PostgreSQL", "17.11", None),
        ("", "", None),
    ],
)
def test_minors_of_one_major_are_compared(
    server: str, program: str, releases: tuple[str, str] | None
) -> None:
    assert newer_server(server, program) == releases


def test_the_note_names_both_and_what_follows() -> None:
    (note,) = newer_server_notes("17.12 (Debian 17.12-1)", "17.11")
    assert "PostgreSQL 17.12" in note
    assert "pg_dump 17.11" in note
    assert "lifeboat-is-gone.md" in note
    assert newer_server_notes("17.11", "17.12") == ()


def test_the_monitor_warns_of_it() -> None:
    bucket = healthy()
    newest = backup(NEWEST)
    assert Code.PG_DUMP_OUTDATED not in bucket.codes()
    source = newest.source.model_copy(update={"server_version": "17.12 (Debian)"})
    bucket.add(newest.model_copy(update={"source": source}))
    finding = bucket.only(Code.PG_DUMP_OUTDATED)
    assert finding.level is Level.WARNING
    assert "PostgreSQL 17.12 by pg_dump 17.6" in finding.fact


@pytest.mark.parametrize(
    ("server", "releases"),
    [
        ("14.24", ("14.24", "14.25")),
        ("15.19 (Debian 15.19-1)", ("15.19", "15.20")),
        ("16.15", ("16.15", "16.16")),
        ("17.9", ("17.9", "17.12")),
        ("18.6", ("18.6", "18.7")),
        ("14.25", None),
        ("17.12", None),
        ("18.10", None),
        ("19.0", None),
        ("19beta2", None),
    ],
)
def test_a_standby_is_unfixed_before_the_release_that_mends_it(
    server: str, releases: tuple[str, str] | None
) -> None:
    assert unfixed_standby(server, standby=True) == releases
    assert unfixed_standby(server, standby=False) is None


def test_the_note_and_the_finding_about_a_standby_name_both_releases() -> None:
    (note,) = unfixed_standby_notes("17.11", standby=True)
    assert "PostgreSQL 17.11" in note
    assert "before 17.12" in note
    assert unfixed_standby_notes("17.11", standby=False) == ()
    bucket, newest = healthy(), backup(NEWEST)
    assert Code.STANDBY_OUTDATED not in bucket.codes()
    update = {"server_version": "17.6 (Debian)", "standby": True}
    source = newest.source.model_copy(update=update)
    bucket.add(newest.model_copy(update={"source": source}))
    finding = bucket.only(Code.STANDBY_OUTDATED)
    assert finding.level is Level.WARNING
    assert "a standby with PostgreSQL 17.6. Before 17.12" in finding.fact
