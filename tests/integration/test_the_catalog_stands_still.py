"""No archive is published whose definitions changed while they were dumped."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import count
from typing import Any

import pytest

from lifeboat.backup import catalog
from lifeboat.backup.catalog import require_unchanged
from lifeboat.backup.policy import attempts
from lifeboat.errors import DefinitionsChangedError, SchemaChangingError, TimeLimitError
from lifeboat.postgres.connect import open_again
from tests.integration.test_no_table_is_emptied_unseen import held
from tests.races.course import (
    ENOUGH_ROWS,
    Racer,
    Start,
    differences,
    drop_roles,
    line_up,
    look,
    restored,
    run,
)
from tests.races.functions import FUNCTIONS
from tests.races.harmless import PASSING, WAITING
from tests.races.kinds import Kind
from tests.races.relations import RELATIONS
from tests.races.types import TYPES
from tests.support.backup_harness import BackupHarness, Database

MAJORS = (14, 18)
REFUSED = (*TYPES, *FUNCTIONS, *RELATIONS)
MOMENTS = ("before", "during")
LIES = ("composite drop and add attribute", "enum labels swapped", "functions swapped")


def named(*names: str) -> tuple[Kind, ...]:
    return tuple(kind for kind in (*REFUSED, *PASSING) if kind.name in names)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other without a pause."""
    monkeypatch.setattr(attempts, "_FIRST_PAUSE", 0.0)


@pytest.fixture
def racing(
    backups: BackupHarness, new_database: Callable[..., Database]
) -> Iterator[Callable[[int], BackupHarness]]:
    made: list[Database] = []

    def of_major(major: int) -> BackupHarness:
        backups.database = new_database(major)
        made.append(backups.database)
        return backups

    yield of_major
    for database in made:
        database.drop()
        for copy in copies:
            copy.drop()
        drop_roles(database)


copies: list[Database] = []


@pytest.fixture
def new_copy(new_database: Callable[..., Database]) -> Callable[[int], Database]:
    def make(major: int) -> Database:
        copies.append(new_database(major))
        return copies[-1]

    return make


def told(backups: BackupHarness, **changes: Any) -> list[Mapping[str, object]]:
    """Take a backup; what was logged on the way."""
    log: list[Mapping[str, object]] = []
    backups.take(log=lambda event, details: log.append({"event": event, **details}), **changes)
    return log


@pytest.mark.parametrize("major", MAJORS)
def test_each_change_is_seen_and_named(
    racing: Callable[[int], BackupHarness], monkeypatch: pytest.MonkeyPatch, major: int
) -> None:
    monkeypatch.setattr(catalog, "_MAX_SHOWN", 10_000)
    backups = racing(major)
    racers = line_up(backups.database, REFUSED)
    with held(backups) as snapshot, backups.database.connect() as scout:
        require_unchanged(snapshot, scout)
        assert run(backups.database, racers) == []
        with pytest.raises(DefinitionsChangedError) as caught:
            require_unchanged(snapshot, scout)
    words = caught.value.what.removeprefix("Definitions changed while they were dumped: ")
    found = words.removesuffix(".").split("; ")
    expected = {racer.fill(racer.kind.says) for racer in racers}
    assert expected - set(found) == set()
    schemas = {racer.schema for racer in racers}
    others = [text for text in found if text not in expected]
    assert [text for text in others if not schemas.intersection(re.findall(r"\w+", text))] == []


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("major", MAJORS)
def test_what_does_not_matter_is_published_in_the_first_attempt(
    racing: Callable[[int], BackupHarness],
    new_copy: Callable[[int], Database],
    monkeypatch: pytest.MonkeyPatch,
    major: int,
    moment: str,
) -> None:
    backups = racing(major)
    racers = line_up(backups.database, (*PASSING, *WAITING), rows=ENOUGH_ROWS)
    before, fired = look(backups.database), list[list[str]]()
    Start(moment).give(monkeypatch, lambda: fired.append(run(backups.database, racers)))
    assert told(backups) == []
    assert {kind.name for kind in WAITING} <= set(fired[0])
    copy, errors = restored(backups, new_copy(major))
    assert errors == ""
    assert differences(copy, before) == []


@pytest.mark.parametrize("kind", named(*LIES), ids=lambda kind: kind.name)
@pytest.mark.parametrize("major", MAJORS)
def test_a_lie_that_restores_well_is_not_published(
    racing: Callable[[int], BackupHarness],
    new_copy: Callable[[int], Database],
    monkeypatch: pytest.MonkeyPatch,
    major: int,
    kind: Kind,
) -> None:
    """Attribute or label of every row lost, an index on another function: and no error at all."""
    backups = racing(major)
    racers = line_up(backups.database, (kind,), rows=ENOUGH_ROWS)
    moment = "before" if kind.name == "functions swapped" else "during"
    Start(moment).give(monkeypatch, lambda: run(backups.database, racers))
    log = told(backups)
    copy, errors = restored(backups, new_copy(major))
    assert differences(copy, look(backups.database)) == []
    assert errors == ""
    assert [(each["event"], each["attempt"]) for each in log] == [("backup.restarted", 2)]
    assert racers[0].fill(kind.says) in str(log[0]["reason"])
    assert any(str(log[0]["reason"]) in note for note in backups.manifest().notes)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("sequence rename", "before"),
        ("sequence drop", "before"),
        ("view drop", "before"),
        ("schema rename", "before"),
        ("schema rename", "during"),
    ],
)
def test_a_dump_that_fails_for_a_change_begins_anew(
    racing: Callable[[int], BackupHarness],
    new_copy: Callable[[int], Database],
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    name: str,
) -> None:
    backups = racing(14)
    racers = line_up(backups.database, named(name), rows=ENOUGH_ROWS)
    Start(moment).give(monkeypatch, lambda: run(backups.database, racers))
    assert len(told(backups)) == 1
    copy, errors = restored(backups, new_copy(14))
    assert differences(copy, look(backups.database)) == []
    assert errors == ""
    assert backups.bucket.open_uploads() == []


def toggled(backups: BackupHarness, racers: list[Racer]) -> Callable[[], None]:
    turn = count()
    return lambda: (run(backups.database, racers, back=next(turn) % 2 == 1), None)[1]


@pytest.mark.parametrize("moment", MOMENTS)
def test_definitions_that_never_rest_are_refused_and_named(
    racing: Callable[[int], BackupHarness], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    backups = racing(18)
    racers = line_up(backups.database, named("function of a check renamed"), rows=ENOUGH_ROWS)
    Start(moment, attempts=9).give(monkeypatch, toggled(backups, racers))
    with pytest.raises(SchemaChangingError) as caught:
        backups.take()
    assert f"function {racers[0].schema}.okay(integer) was renamed" in caught.value.what
    assert "Tried 5 times" in caught.value.what
    assert "invoke the function again" in caught.value.todo
    backups.assert_nothing_was_published()


def test_another_attempt_is_not_begun_without_the_time_for_it(
    racing: Callable[[int], BackupHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = racing(18)
    racers = line_up(backups.database, named("view replaced"))
    Start("before", attempts=9).give(monkeypatch, lambda: run(backups.database, racers))
    monkeypatch.setattr(attempts, "_FIRST_PAUSE", 60.0)
    backups.seconds = 50
    with pytest.raises(SchemaChangingError, match="Tried once; the last attempt took"):
        backups.take()
    backups.assert_nothing_was_published()


def test_a_pause_before_an_attempt_ends_with_the_run(
    racing: Callable[[int], BackupHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = racing(18)
    racers = line_up(backups.database, named("view replaced"))
    Start("before", attempts=9).give(monkeypatch, lambda: run(backups.database, racers))
    monkeypatch.setattr("lifeboat.backup.store_archive.pause_before_next", lambda *_: 60.0)
    backups.seconds = 3
    with pytest.raises(TimeLimitError):
        backups.take()
    backups.assert_nothing_was_published()


def test_a_role_that_may_only_read_sees_each_change_too(
    racing: Callable[[int], BackupHarness], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role of docs/backup-role.md, on a primary server."""
    monkeypatch.setattr(catalog, "_MAX_SHOWN", 10_000)
    backups = racing(14)
    database, role = backups.database, f"{backups.database.name}_k_reader"
    racers = line_up(database, (*REFUSED, *PASSING))
    database.run(
        f"CREATE ROLE {role} LOGIN PASSWORD 'bait' NOSUPERUSER BYPASSRLS",
        f"GRANT pg_read_all_data TO {role}",
        f"ALTER ROLE {role} SET default_transaction_read_only = on",
    )
    backups.secret = database.server.url(database.name, user=role, password="bait")
    with held(backups) as snapshot, closing(open_again(backups.read_login())) as scout:
        run(database, racers)
        with pytest.raises(DefinitionsChangedError) as caught:
            require_unchanged(snapshot, scout)
    for racer in racers:
        assert racer.fill(racer.kind.says) in caught.value.what


def test_a_name_with_line_ends_stays_in_its_line(racing: Callable[[int], BackupHarness]) -> None:
    backups = racing(18)
    backups.database.run("CREATE TYPE mood AS ENUM (E'a\"\\n\\nNext:\u202e run')")
    with held(backups) as snapshot, backups.database.connect() as scout:
        backups.database.run("ALTER TYPE mood RENAME VALUE E'a\"\\n\\nNext:\u202e run' TO 'b'")
        with pytest.raises(DefinitionsChangedError) as caught:
            require_unchanged(snapshot, scout)
    assert r'label "a""\n\nNext:\u202e run" of public.mood was renamed' in caught.value.what
