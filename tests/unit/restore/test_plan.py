"""What a restore would do, and what stands in its way."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import RefusedError
from lifeboat.model.inventory import Extension
from lifeboat.model.thaw import StorageState
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.policy.facts import Capacity, RestoreSource, TargetFacts
from lifeboat.restore.policy.plan import Plan, plan_restore, require_no_blockers
from lifeboat.settings import RestoreSettings
from tests.support.samples import MANIFEST

EVENT = parse_restore_event({"action": "restore", "database": "app"})
SOURCE = RestoreSource(
    bucket="the-bucket",
    manifest=MANIFEST,
    storage=StorageState("STANDARD"),
    drills=(),
    roles=("app", "reader"),
)
FACTS = TargetFacts(
    server="db.example.com:5432",
    endpoint="0" * 16,
    role="owner",
    major=17,
    version="17.6",
    may_create=True,
    superuser=True,
    reads_only=False,
    databases=frozenset({"postgres", "neondb"}),
    extensions=frozenset({"plpgsql"}),
    roles=frozenset({"app", "reader", "owner"}),
    member_of=frozenset({"owner"}),
)
ROOM = Capacity(
    settings=RestoreSettings(),
    memory_mb=3008,
    tmp_free_bytes=4 << 30,
    seconds_left=880.0,
)
COPY = "neondb_restored_20261124t093000z"


def plan(
    event: dict[str, Any] | None = None,
    source: RestoreSource = SOURCE,
    capacity: Capacity = ROOM,
    **facts: Any,
) -> Plan:
    asked = parse_restore_event({"action": "restore", "database": "app", **(event or {})})
    return plan_restore(asked, source, replace(FACTS, **facts), capacity, COPY)


def test_nothing_stands_in_the_way_of_an_ordinary_restore() -> None:
    made = plan()
    require_no_blockers(made)
    assert ["Code in the backup" in each for each in made.warnings] == [True]
    answer = made.answer()
    assert answer.next_event == {"action": "restore", "database": "app", "execute": True}
    assert answer.changed is False
    assert COPY in " ".join(made.steps)


def test_the_stock_commands_stand_in_every_plan() -> None:
    copy, rows, rest = plan().manual_commands
    where = f"s3://the-bucket/{MANIFEST.location.prefix}"
    assert copy == f"aws s3 cp --recursive --force-glacier-transfer {where} ."
    assert rows.startswith("pg_restore --section=pre-data --section=data --jobs=")
    assert rest.startswith("pg_restore --section=post-data --jobs=")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"major": 16}, "older than the backup's 17"),
        ({"reads_only": True}, "only reads"),
        ({"may_create": False}, "ALTER ROLE owner CREATEDB;"),
    ],
)
def test_a_server_that_cannot_take_it_is_a_wall(facts: dict[str, Any], said: str) -> None:
    made = plan(**facts)
    assert [said in each for each in made.blockers] == [True]
    assert made.answer().next_event is None
    with pytest.raises(RefusedError, match="can't be done") as caught:
        require_no_blockers(made)
    assert "pg_restore" in caught.value.todo


def test_an_archive_that_lies_cold_is_a_wall_with_the_event_that_thaws_it() -> None:
    made = plan(source=replace(SOURCE, storage=StorageState("DEEP_ARCHIVE")))
    assert '{"action": "thaw", "database": "app", "backup": "weekly/app/' in made.blockers[0]
    assert "up to 12 hours" in made.blockers[0]
    thawing = plan(source=replace(SOURCE, storage=StorageState("GLACIER", thawing=True)))
    assert "is being thawed" in thawing.blockers[0]


def test_an_archive_that_finds_no_room_is_a_wall() -> None:
    made = plan(capacity=replace(ROOM, tmp_free_bytes=MANIFEST.archive.bytes))
    assert "restore.ephemeral_mb" in made.blockers[0]


@given(st.integers(0, 2**50))
def test_what_takes_longer_than_the_function_has_is_a_wall(size: int) -> None:
    large = MANIFEST.model_copy(
        update={"source": MANIFEST.source.model_copy(update={"bytes": size})}
    )
    source = replace(SOURCE, manifest=large)
    is_too_slow = source.seconds(ROOM) > ROOM.seconds_left
    assert bool(plan(source=source).blockers) == is_too_slow
    assert is_too_slow or size < 2**45


@pytest.mark.parametrize(
    ("event", "facts", "said"),
    [
        ({}, {"major": 18}, "is an upgrade"),
        ({}, {"roles": frozenset({"owner", "reader"})}, "1 role of the source's server is not"),
        ({"owners": "none"}, {}, "Everything will belong to owner"),
        ({"compare": "rows"}, {}, "only counted, so the copy won't count as proven"),
        ({}, {"live_bytes": 10**9}, "beside the live database (1.0 GB)"),
        ({}, {"superuser": False}, "no superuser"),
    ],
)
def test_what_may_go_wrong_here_is_said_before(
    event: dict[str, Any], facts: dict[str, Any], said: str
) -> None:
    made = plan(event, **facts)
    require_no_blockers(made)
    assert [said in each for each in made.warnings] == [True, False]


@pytest.mark.parametrize(
    ("event", "facts", "said"),
    [
        ({}, {}, "here as owner, a superuser, who may do anything"),
        ({"owners": "none"}, {}, "here as owner, a superuser, who may do anything"),
        ({}, {"superuser": False}, "rights of owner and of every owner that it acts for"),
        ({"owners": "none"}, {"superuser": False}, "with the rights of owner, in other databases"),
    ],
)
def test_whose_rights_the_code_in_a_backup_has_is_said_before(
    event: dict[str, Any], facts: dict[str, Any], said: str
) -> None:
    assert said in plan(event, **facts).warnings[-1]


def test_missing_extensions_are_named() -> None:
    inventory = MANIFEST.inventory.model_copy(
        update={"extensions": (Extension(name="postgis", version="3.4"),)}
    )
    source = replace(SOURCE, manifest=MANIFEST.model_copy(update={"inventory": inventory}))
    assert "1 extension: postgis" in plan(source=source).warnings[0]
    assert plan(source=source, extensions=frozenset({"postgis"})).warnings == plan().warnings


def test_missing_roles_are_of_no_concern_without_owners() -> None:
    made = plan({"owners": "none"}, roles=frozenset({"owner"}))
    assert not any("role of the source" in each for each in made.warnings)
