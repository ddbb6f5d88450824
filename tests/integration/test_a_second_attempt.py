"""A restore that failed for its workers' sake is tried once more, with one worker, from clean."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lifeboat.errors import VerificationError
from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Process, Programs
from lifeboat.recovery import pg_restore
from tests.support.drill_harness import DrillHarness, check, without_extension
from tests.support.restore_harness import RestoreHarness, refused
from tests.support.rows_at_load import contents

#: One worker loads the parents, then the children, as they are in the archive. Two load both at
#: the same time, and the children's check finds no parents, or waits for their lock in vain.
FAMILY = (
    "CREATE TABLE a_parents (id int)",
    "INSERT INTO a_parents SELECT generate_series(1, 500000)",
    "CREATE FUNCTION known(int) RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '1ms' AS"
    " $$BEGIN RETURN EXISTS (SELECT FROM public.a_parents WHERE id = $1); END$$",
    "CREATE TABLE b_children (parent int CHECK (known(parent)))",
    "INSERT INTO b_children VALUES (1)",
)

DEADLOCK = """#!/bin/sh
"$0.real" "$@" || exit
case "$*" in *{when}*--section=post-data*) ;; *) exit 0 ;; esac
cat >&2 <<'END'
pg_restore: error: could not execute query: ERROR:  deadlock detected
DETAIL:  Process 7 waits for ShareRowExclusiveLock on relation 1; blocked by process 8.
Command was: ALTER TABLE public.a
    ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES public.b(id);


pg_restore: warning: errors ignored on restore: 2
END
exit 1
"""
"""A pg_restore that does all that it should, and then says that it has met a deadlock."""


def deadlocking(programs: Programs, into: Path, *, when: str) -> Programs:
    """A copy of the newest major's programs with that one, for runs with this option."""
    copy = without_extension(programs, 18, "no such extension", into)
    program = copy.root / "18" / "bin" / "pg_restore"
    program.rename(program.with_name("pg_restore.real"))
    program.write_text(DEADLOCK.format(when=when))
    program.chmod(0o755)
    return copy


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """With how many workers rows were loaded, once for each attempt."""
    found: list[str] = []

    class Noted(Process):
        def __init__(self, argv: Sequence[str], **rest: Any) -> None:
            if "--section=data" in argv:
                found.extend(word for word in argv if word.startswith("--jobs="))
            super().__init__(argv, **rest)

    monkeypatch.setattr(pg_restore, "Process", Noted)
    return found


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


def test_rows_that_need_others_come_back_in_a_drill(
    drills: DrillHarness, attempts: list[str]
) -> None:
    drills.backups.database.run(*FAMILY)
    drills.backups.take()
    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())
    (note,) = check(report, "restore").details
    assert note.startswith("A second attempt, with one worker, was needed.")
    assert attempts == ["--jobs=2", "--jobs=1"]


def test_rows_that_need_others_come_back_in_a_restore(
    restores: RestoreHarness, attempts: list[str]
) -> None:
    restores.live.run(*FAMILY)
    restores.backups.take()
    answer = restores.restore()
    assert answer["verdict"] == "proven", answer["reasons"]
    assert any(note.startswith("A second attempt, with one") for note in answer["notes"])
    assert attempts == ["--jobs=2", "--jobs=1"]
    assert contents(restores.copy(answer)) == contents(restores.live)


def test_a_drill_that_meets_a_deadlock_is_tried_again(
    drills: DrillHarness, attempts: list[str], tmp_path: Path
) -> None:
    drills.backups.take()
    drills.programs = deadlocking(drills.programs, tmp_path / "poor", when="--jobs=2")
    report = drills.hold()
    assert report.verdict is Verdict.PROVEN
    assert "deadlock detected" in check(report, "restore").details[0]
    assert attempts == ["--jobs=2", "--jobs=1"]


def test_a_drill_that_meets_deadlocks_only_has_failed(
    drills: DrillHarness, attempts: list[str], tmp_path: Path
) -> None:
    drills.backups.take()
    drills.programs = deadlocking(drills.programs, tmp_path / "poor", when="--jobs=")
    assert drills.hold().verdict is Verdict.FAILED
    assert attempts == ["--jobs=2", "--jobs=1"]
    drills.settings["jobs"] = 1
    assert drills.hold().verdict is Verdict.FAILED
    assert attempts[2:] == ["--jobs=1"]


EVENTS: list[dict[str, Any]] = [
    {"action": "restore", "execute": True},
    {"action": "restore-tables", "tables": ["public.users"], "execute": True},
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["action"])
def test_a_restore_that_meets_a_deadlock_is_tried_again(
    restores: RestoreHarness, attempts: list[str], tmp_path: Path, event: dict[str, Any]
) -> None:
    restores.backups.take()
    restores.programs = deadlocking(restores.programs, tmp_path / "poor", when="--jobs=2")
    answer = restores.ask(event)
    assert answer["verdict"] == "proven"
    assert "deadlock detected" in answer["notes"][0]
    assert attempts == ["--jobs=2", "--jobs=1"]


def test_a_restore_that_meets_deadlocks_only_has_failed(
    restores: RestoreHarness, attempts: list[str], tmp_path: Path
) -> None:
    restores.backups.take()
    restores.programs = deadlocking(restores.programs, tmp_path / "poor", when="--jobs=")
    assert isinstance(refused(restores.restore), VerificationError)
    assert attempts == ["--jobs=2", "--jobs=1"]


def test_what_is_wrong_in_any_order_is_not_tried_again(
    drills: DrillHarness, restores: RestoreHarness, attempts: list[str]
) -> None:
    drills.backups.database.run(
        "CREATE TABLE orphans (parent int REFERENCES users)",
        "ALTER TABLE orphans DISABLE TRIGGER ALL",
        "INSERT INTO orphans VALUES (-1)",
    )
    drills.backups.take()
    assert drills.hold().verdict is Verdict.FAILED
    assert isinstance(refused(restores.restore), VerificationError)
    assert attempts == ["--jobs=2", "--jobs=2"]
