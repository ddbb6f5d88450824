from dataclasses import replace
from datetime import timedelta

import pytest

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.inventory import Table
from lifeboat.model.manifest import Manifest
from tests.support.seen_bucket import (
    DAY,
    NEWEST,
    NOW,
    SECOND,
    SeenBucket,
    backup,
    empty,
    healthy,
    location,
)

USUAL = {"users": 1000, "events": 5000}


def _then(newest: Manifest, *, days: int = 7, **usual: object) -> SeenBucket:
    """A bucket with `days` usual backups and the newest."""
    bucket = empty(drills=healthy().drills)
    before = (backup(NEWEST - day * DAY, **usual) for day in range(1, days + 1))  # type: ignore[arg-type]
    return bucket.add(newest, *before)


@pytest.mark.parametrize(("size", "codes"), [(500, set()), (499, {Code.SIZE_ANOMALY})])
def test_an_archive_may_be_half_as_large_as_usual(size: int, codes: set[Code]) -> None:
    bucket = _then(backup(NEWEST, size=size), size=1000)
    assert bucket.codes() == codes


@pytest.mark.parametrize(("rows", "codes"), [(30, set()), (29, {Code.ROW_COUNT_ANOMALY})])
def test_all_rows_together_may_be_half_as_many_as_usual(rows: int, codes: set[Code]) -> None:
    bucket = _then(backup(NEWEST, tables={"small": rows}), tables={"small": 60})
    assert bucket.codes() == codes
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        assert finding.headline == "shrank from 60 rows to 29 rows"


def test_the_limit_is_the_settings() -> None:
    bucket = _then(backup(NEWEST, size=799), size=1000).change("monitor", shrink_percent=20)
    assert bucket.only(Code.SIZE_ANOMALY).limit == "20 % less (monitor.shrink_percent)"
    bucket = _then(backup(NEWEST, size=800), size=1000).change("monitor", shrink_percent=20)
    assert bucket.codes() == set()


def test_usual_is_the_median_so_one_odd_backup_changes_nothing() -> None:
    bucket = _then(backup(NEWEST, size=600), size=1000, days=6)
    bucket.add(backup(NEWEST - 7 * DAY, size=10**12), backup(NEWEST - 8 * DAY, size=10**12))
    assert bucket.codes() == set()


def test_usual_are_the_last_seven() -> None:
    bucket = _then(backup(NEWEST, size=400), size=1000, days=4)
    bucket.add(*(backup(NEWEST - n * DAY, size=500) for n in range(5, 9)))
    assert bucket.only(Code.SIZE_ANOMALY).headline == "shrank from 1.0 kB to 400 B"


@pytest.mark.parametrize(("days", "codes"), [(2, set()), (3, {Code.SIZE_ANOMALY})])
def test_two_backups_do_not_say_what_is_usual(days: int, codes: set[Code]) -> None:
    assert _then(backup(NEWEST, size=1), days=days).codes() == codes


def test_sizes_are_compared_only_between_backups_taken_by_the_same_settings() -> None:
    excluded = backup(NEWEST, size=1, excluded=["events"])
    assert _then(excluded).codes() == set()
    newest = backup(NEWEST, size=1)
    archive = newest.archive.model_copy(update={"compression": "gzip:1"})
    assert _then(newest.model_copy(update={"archive": archive})).codes() == set()


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (100, 50, set()),
        (100, 49, {Code.TABLE_ROWS_DROPPED}),
        (99, 0, set()),
        (100, None, {Code.TABLE_ROWS_DROPPED}),
        (99, None, set()),
    ],
)
def test_a_table_of_a_hundred_rows_may_lose_half_of_them(
    before: int, after: int | None, codes: set[Code]
) -> None:
    rest = {"events": 5000}
    now = rest if after is None else {**rest, "users": after}
    bucket = _then(backup(NEWEST, tables=now), tables={**rest, "users": before})
    assert bucket.codes() == codes


def test_a_loss_names_table_rows_and_both_backups() -> None:
    bucket = _then(backup(NEWEST, tables={"users": 12, "events": 5000}))
    finding = bucket.only(Code.TABLE_ROWS_DROPPED)
    assert finding.level is Level.CRITICAL
    assert finding.headline == "lost 988 of 1,000 rows in public.users"
    assert finding.passing
    assert "public.users (1,000 rows, then 12)" in finding.fact
    before, after = location(NEWEST - DAY).id, location(NEWEST).id
    assert f"Between {before} and {after}" in finding.fact
    assert finding.safe.startswith(f"{before} has the rows from before, and is kept until")
    restore = finding.advice[2]
    assert restore.command == (
        f"lifeboat restore app {before.replace('/app/', '/')} --table public.users"
        " --region us-east-1"
    )
    assert f'"backup": "{before}", "tables": ["public.users"]' in restore.without_program


def test_several_losses_of_one_night_are_one_finding() -> None:
    bucket = _then(backup(NEWEST, tables={}))
    finding = bucket.only(Code.TABLE_ROWS_DROPPED)
    assert finding.headline == "lost 5,000 of 5,000 rows in public.events and of 1 more table"
    assert "public.users (1,000 rows, then gone)" in finding.fact


def test_the_backup_before_a_loss_may_be_kept_forever() -> None:
    older = backup(NEWEST - DAY)
    forever = older.retention.model_copy(update={"expires": None})
    bucket = empty().add(older.model_copy(update={"retention": forever}), backup(NEWEST, tables={}))
    assert bucket.only(Code.TABLE_ROWS_DROPPED).safe.endswith("and is kept.")


@pytest.mark.parametrize(
    ("table", "after"),
    [("users", {"users_old": 1000}), ("events_2026_10", {"events_2026_11": 7})],
)
def test_a_renamed_table_or_a_dropped_partition_is_only_a_warning(
    table: str, after: dict[str, int]
) -> None:
    bucket = _then(backup(NEWEST, tables=after), tables={table: 1000}, days=2)
    finding = bucket.only(Code.TABLE_ROWS_DROPPED)
    assert finding.level is Level.WARNING
    assert "perhaps" in finding.fact


def test_a_table_of_that_name_in_another_schema_is_no_sibling() -> None:
    now = backup(NEWEST, tables={"events_2": 7})
    (table,) = now.inventory.tables
    elsewhere = now.inventory.model_copy(update={"tables": (replace(table, schema="x"),)})
    bucket = _then(
        now.model_copy(update={"inventory": elsewhere}), tables={"events_1": 1000}, days=2
    )
    assert bucket.only(Code.TABLE_ROWS_DROPPED).level is Level.CRITICAL


def test_one_harmless_loss_does_not_make_another_harmless() -> None:
    before = {"events_1": 1000, "events_2": 1000, "users": 1000}
    bucket = _then(backup(NEWEST, tables={"events_2": 1000}), tables=before, days=2)
    assert bucket.only(Code.TABLE_ROWS_DROPPED).level is Level.CRITICAL


def test_excluding_a_tables_rows_loses_none() -> None:
    now = backup(NEWEST, tables={"users": 0, "events": 5000}, excluded=["users"])
    assert _then(now).codes() == set()
    was = {"tables": {"users": 0, "events": 5000}, "excluded": ["users"]}
    assert _then(backup(NEWEST), days=2, **was).codes() == set()
    gone = backup(NEWEST, tables={"events": 5000})
    assert _then(gone, days=2, **was).codes() == set()


@pytest.mark.parametrize(
    ("users", "level"), [(1000, Level.INFO), (900, Level.INFO), (899, Level.CRITICAL)]
)
def test_rows_that_are_there_again_wake_nobody(users: int, level: Level) -> None:
    restored = backup(NEWEST, tables={**USUAL, "users": users})
    damaged = backup(NEWEST - DAY, tables={**USUAL, "users": 12})
    bucket = empty(drills=healthy().drills).add(restored, damaged)
    bucket.add(backup(NEWEST - 2 * DAY, tables=USUAL))
    finding = bucket.only(Code.TABLE_ROWS_DROPPED)
    assert finding.level is level
    again = f", in the newest backup {users:,} again" if level is Level.INFO else ""
    assert f"public.users (1,000 rows, then 12{again})" in finding.fact
    assert finding.headline.endswith(", and has about as many again") == (level is Level.INFO)
    assert ("stop what writes" in finding.advice[1].text) == (level is Level.CRITICAL)


def test_one_table_that_is_whole_again_excuses_no_other() -> None:
    bucket = empty(drills=healthy().drills).add(
        backup(NEWEST, tables={**USUAL, "events": 3}),
        backup(NEWEST - DAY, tables={"users": 12, "events": 3}),
        backup(NEWEST - 2 * DAY, tables=USUAL),
    )
    assert bucket.only(Code.TABLE_ROWS_DROPPED).level is Level.CRITICAL


@pytest.mark.parametrize(
    ("later", "codes"), [(timedelta(0), {Code.TABLE_ROWS_DROPPED}), (SECOND, set())]
)
def test_a_loss_is_reported_for_three_days(later: timedelta, codes: set[Code]) -> None:
    bucket = _then(backup(NEWEST, tables={"users": 12, "events": 5000}), days=2)
    lost = bucket.manifests[0]
    days = (1, 2, 3)
    bucket.add(*(backup(NEWEST + n * DAY, tables={"users": 12, "events": 5000}) for n in days))
    bucket.now = lost.source.snapshot_time + 3 * DAY + later  # type: ignore[union-attr]
    assert bucket.codes() == codes


@pytest.mark.parametrize(("days", "codes"), [(6, set()), (7, {Code.DATA_UNCHANGED})])
def test_backups_may_be_the_same_for_a_week(days: int, codes: set[Code]) -> None:
    bucket = empty(drills=healthy().drills)
    bucket.add(*(backup(NEWEST - day * DAY, lsn="0/1") for day in range(days + 1)))
    bucket.add(backup(NEWEST - (days + 1) * DAY))
    assert bucket.codes() == codes
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        assert finding.since == NEWEST + SECOND - days * DAY
        assert finding.fact.startswith(f"{days + 1} backups from")
        assert "at the same place in the write-ahead log (0/1)" in finding.fact


@pytest.mark.parametrize("what", ["lsn", "rows"])
def test_any_difference_is_life(what: str) -> None:
    bucket = empty(drills=healthy().drills)
    bucket.add(*(backup(NEWEST - day * DAY, lsn="0/1") for day in range(1, 10)))
    other = {"lsn": "0/2"} if what == "lsn" else {"lsn": "0/1", "tables": {**USUAL, "users": 1001}}
    assert bucket.add(backup(NEWEST, **other)).codes() == set()


def test_only_an_unbroken_row_of_backups_stood_still() -> None:
    bucket = empty(drills=healthy().drills)
    bucket.add(*(backup(NEWEST - day * DAY, lsn="0/1") for day in range(10) if day != 1))
    assert bucket.add(backup(NEWEST - DAY, lsn="0/2")).codes() == set()


def test_tables_may_be_reported_in_another_order() -> None:
    bucket = empty(drills=healthy().drills)
    bucket.add(*(backup(NEWEST - day * DAY, lsn="0/1") for day in range(1, 10)))
    other = dict(reversed(USUAL.items()))
    assert bucket.add(backup(NEWEST, lsn="0/1", tables=other)).codes() == {Code.DATA_UNCHANGED}


@pytest.mark.parametrize(("digest", "codes"), [(None, set()), ("4" * 32, {Code.DATA_UNCHANGED})])
def test_without_a_place_in_the_log_only_digests_show_that_nothing_changed(
    digest: str | None, codes: set[Code]
) -> None:
    bucket = empty(drills=healthy().drills)
    for day in range(9):
        plain = backup(NEWEST - day * DAY, lsn=None)
        tables = (
            Table(schema="public", name="users", rows=1000, digest=digest),
            Table(schema="public", name="summed", rows=1000, digest="7" * 32),
            Table(schema="public", name="log", rows=0, data_excluded=True),
        )
        inventory = plain.inventory.model_copy(update={"tables": tables})
        bucket.add(plain.model_copy(update={"inventory": inventory}))
    assert bucket.codes() == codes


def test_a_single_backup_is_compared_with_nothing() -> None:
    assert empty(drills=healthy().drills, now=NOW).add(backup(NEWEST)).codes() == set()


def test_rows_that_changed_though_none_came_or_went_are_a_change() -> None:
    """Only the digest tells: the same tables, the same counts, no place in the log."""
    bucket = empty(drills=healthy().drills)
    for day in range(9):
        plain = backup(NEWEST - day * DAY, lsn=None)
        table = Table(schema="public", name="users", rows=1000, digest=f"{day:032x}")
        inventory = plain.inventory.model_copy(update={"tables": (table,)})
        bucket.add(plain.model_copy(update={"inventory": inventory}))
    assert bucket.codes() == set()
