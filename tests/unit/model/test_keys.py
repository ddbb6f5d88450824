from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model import keys
from lifeboat.model.keys import BackupLocation, parse_drill_key, parse_id, parse_key, parse_time_id
from lifeboat.model.tiers import Tier
from tests.support.samples import DATABASES, SLOTS

LOCATIONS = st.builds(
    BackupLocation, tier=st.sampled_from(Tier), database=DATABASES, scheduled_at=SLOTS
)
SLOT = datetime(2026, 11, 22, 2, tzinfo=UTC)
SUNDAY = BackupLocation(Tier.WEEKLY, "app", SLOT)


def test_a_backup_lies_where_the_design_says() -> None:
    assert SUNDAY.id == "weekly/app/2026-11-22T020000Z"
    assert SUNDAY.prefix == "weekly/app/2026-11-22T020000Z/"
    assert SUNDAY.archive_key == "weekly/app/2026-11-22T020000Z/archive.dump"
    assert SUNDAY.globals_key == "weekly/app/2026-11-22T020000Z/globals.sql"
    assert SUNDAY.manifest_key == "weekly/app/2026-11-22T020000Z/manifest.json"
    assert SUNDAY.prefix.startswith(keys.database_prefix(Tier.WEEKLY, "app"))
    assert keys.drill_key("app", SLOT) == "drills/app/2026-11-22T020000Z.json"


@given(LOCATIONS)
def test_every_key_leads_back_to_its_backup(location: BackupLocation) -> None:
    assert parse_id(location.id) == location
    assert parse_key(location.archive_key) == (location, keys.ARCHIVE)
    assert parse_key(location.globals_key) == (location, keys.GLOBALS)
    assert parse_key(location.manifest_key) == (location, keys.MANIFEST)


@given(DATABASES, SLOTS)
def test_a_drills_key_leads_back_to_its_drill(database: str, slot: datetime) -> None:
    key = keys.drill_key(database, slot)
    assert parse_drill_key(key) == (database, slot)
    assert parse_key(key) is None


@given(SLOTS, SLOTS)
def test_slots_sort_as_their_times_do(one: datetime, other: datetime) -> None:
    assert (one < other) == (keys.time_id(one) < keys.time_id(other))


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z"))
def test_a_slot_is_read_only_as_it_is_written(name: str) -> None:
    slot = parse_time_id(name)
    assert slot is None or keys.time_id(slot) == name


@pytest.mark.parametrize(
    "key",
    [
        "",
        "manifest.json",
        "weekly/app/2026-11-22T020000Z",
        "weekly/app/2026-11-22T020000Z/",
        "weekly/app/2026-11-22T020000Z/archive.dump.part",
        "weekly/app/2026-11-22T020000Z/more/archive.dump",
        "/weekly/app/2026-11-22T020000Z/archive.dump",
        "yearly/app/2026-11-22T020000Z/archive.dump",
        "WEEKLY/app/2026-11-22T020000Z/archive.dump",
        "weekly/App/2026-11-22T020000Z/archive.dump",
        "weekly//2026-11-22T020000Z/archive.dump",
        "weekly/app/2026-11-31T020000Z/archive.dump",
        "weekly/app/2026-11-22T240000Z/archive.dump",
        "weekly/app/2026-11-22T02:00:00Z/archive.dump",
        "weekly/app/2026-11-22T020000Z\n/archive.dump",
        "weekly/app/٢٠٢٦-11-22T020000Z/archive.dump",
        "drills/app/2026-11-22T020000Z.json",
    ],
)
def test_a_foreign_key_is_nobodys_backup(key: str) -> None:
    assert parse_key(key) is None


@pytest.mark.parametrize(
    "key",
    [
        "drills/app/2026-11-22T020000Z.html",
        "drills/app/2026-11-22T020000Z",
        "drills/App/2026-11-22T020000Z.json",
        "drills/app/2026-11-22T020000Z.json.json",
        "drills/app/more/2026-11-22T020000Z.json",
        "weekly/app/2026-11-22T020000Z.json",
    ],
)
def test_a_foreign_key_is_nobodys_drill(key: str) -> None:
    assert parse_drill_key(key) is None


@pytest.mark.parametrize("database", ["", "App", "a/b", "../app", "1app", "app\n", "a" * 41])
def test_an_unsafe_name_never_becomes_a_key(database: str) -> None:
    with pytest.raises(ValueError, match="is not a database's name"):
        BackupLocation(Tier.DAILY, database, SLOT)
    with pytest.raises(ValueError, match="is not a database's name"):
        keys.drill_key(database, SLOT)


@pytest.mark.parametrize(
    "slot",
    [
        datetime(2026, 11, 22, 2),  # noqa: DTZ001 - the very mistake
        datetime(2026, 11, 22, 2, microsecond=1, tzinfo=UTC),
        datetime(2026, 11, 22, 2, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_slot_is_a_whole_second_in_utc_or_refused(slot: datetime) -> None:
    with pytest.raises(ValueError, match="not a whole second in UTC"):
        BackupLocation(Tier.DAILY, "app", slot)
