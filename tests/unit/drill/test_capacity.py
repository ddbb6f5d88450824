import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.drill.policy import capacity
from lifeboat.drill.policy.capacity import DISK_MARGIN_BYTES, Capacity, limits
from lifeboat.drill.policy.placement import DrillDemand, place_drill
from lifeboat.errors import CapacityError
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.inventory import Table
from lifeboat.model.manifest import Manifest
from lifeboat.recovery.policy.duration import MB, DurationForecast, measured_model
from lifeboat.settings import DatabaseSettings, DrillSettings, Settings
from tests.support.drill_samples import REPORT
from tests.support.samples import MANIFEST

GB = 1000**3
SETTINGS = DrillSettings()
ROOM = Capacity(embedded=True, tmp_free_bytes=4096 * MB, memory_mb=3008, seconds_left=880.0)
SIZES = st.integers(0, 200 * GB)
ROOMS = st.builds(
    Capacity,
    embedded=st.booleans(),
    tmp_free_bytes=st.integers(0, 10_240 * MB),
    memory_mb=st.integers(128, 10_240),
    seconds_left=st.floats(0, 900),
)
SETTINGS_OF_ANY_SIZE = st.builds(
    DrillSettings,
    memory_mb=st.integers(512, 10_240),
    timeout_minutes=st.integers(1, 15),
    ephemeral_mb=st.integers(512, 10_240),
    jobs=st.integers(1, 16),
)


def backup(database: int, archive: int = 0, tables: int = 1) -> Manifest:
    stored = MANIFEST.archive.objects[0].model_copy(update={"bytes": archive})
    some = tuple(Table(schema="s", name=f"t{i}", rows=0) for i in range(tables))
    return MANIFEST.model_copy(
        update={
            "source": MANIFEST.source.model_copy(update={"bytes": database}),
            "archive": MANIFEST.archive.model_copy(update={"objects": (stored,)}),
            "inventory": MANIFEST.inventory.model_copy(update={"tables": some}),
        }
    )


def room(**changes: Any) -> Capacity:
    return Capacity(**{**vars(ROOM), **changes})


def drill(**changes: object) -> DrillReport:
    return REPORT.model_copy(update=changes)


def measured(database: int, seconds: float, **changes: object) -> DrillReport:
    """A drill that took that long, all but 5 seconds of it in steps that grow."""
    return drill(
        database_bytes=database,
        total_seconds=seconds,
        seconds={"start": 5.0, "restore": seconds - 5.0},
        **changes,
    )


def demand(
    manifest: Manifest,
    settings: DrillSettings = SETTINGS,
    earlier: tuple[DrillReport, ...] = (),
    embedded: bool = True,  # noqa: FBT001, FBT002
) -> DrillDemand:
    database = DatabaseSettings.model_construct(
        name="app", engine="auto", secret_arn="arn:aws:secretsmanager:x"
    )
    return DrillDemand(
        manifest=manifest,
        embedded=embedded,
        earlier=earlier,
        settings=Settings.model_construct(databases=(database,), drill=settings),
    )


def refusal(
    manifest: Manifest,
    has: Capacity = ROOM,
    settings: DrillSettings = SETTINGS,
    earlier: tuple[DrillReport, ...] = (),
) -> CapacityError:
    with pytest.raises(CapacityError) as error:
        place_drill(demand(manifest, settings, earlier, has.embedded), has, may_move=False)
    assert error.value.safe == "The backup is untouched; nothing was fetched."
    assert error.value.what.startswith("weekly/app/2026-11-22T020000Z does not fit into this")
    return error.value


def fits(
    manifest: Manifest,
    has: Capacity,
    settings: DrillSettings = SETTINGS,
    earlier: tuple[DrillReport, ...] = (),
) -> bool:
    try:
        place_drill(demand(manifest, settings, earlier, has.embedded), has, may_move=False)
    except CapacityError:
        return False
    return True


def test_disk_holds_archive_and_database_with_room_to_spare() -> None:
    manifest = backup(database=GB, archive=200_000_000)
    needed = GB + 200_000_000 + DISK_MARGIN_BYTES
    assert fits(manifest, room(tmp_free_bytes=needed))
    error = refusal(manifest, room(tmp_free_bytes=needed - 1))
    assert (
        "it needs 1.3 GB of /tmp (archive 200 MB, database 1.0 GB, 105 MB to spare)"
        " and 1.3 GB are free"
    ) in error.what


def test_for_a_server_elsewhere_only_the_archive_needs_disk() -> None:
    manifest = backup(database=20 * GB, archive=200_000_000)
    here = {"embedded": False, "tmp_free_bytes": 200_000_000 + DISK_MARGIN_BYTES}
    assert fits(manifest, room(**here))
    error = refusal(manifest, room(**here | {"tmp_free_bytes": 200_000_000}))
    assert "database" not in error.what
    assert "target" not in error.todo


@pytest.mark.parametrize("in_use", [0, 300 * MB, 900 * MB])
def test_the_setting_that_is_named_is_enough_whatever_lies_in_tmp(in_use: int) -> None:
    manifest = backup(database=5 * GB, archive=GB)
    error = refusal(manifest, room(tmp_free_bytes=4096 * MB - in_use))
    (more,) = re.findall(r"drill\.ephemeral_mb to (\d+)", error.todo)
    assert int(more) % 512 == 0
    assert fits(manifest, room(tmp_free_bytes=int(more) * MB - in_use))
    assert not fits(manifest, room(tmp_free_bytes=(int(more) - 512) * MB - in_use))
    assert '{"database": "app", "target": "<ARN of its secret>"}' in error.todo


def test_what_no_function_can_hold_needs_a_server_elsewhere() -> None:
    error = refusal(backup(database=15 * GB))
    assert "ephemeral_mb" not in error.todo
    assert error.todo.startswith("Restore into a server of your own")


def test_a_setting_that_would_not_be_enough_is_not_offered() -> None:
    error = refusal(backup(database=15 * GB, tables=20_000), room(memory_mb=512))
    assert "of memory" in error.what
    assert "drill.memory_mb" not in error.todo


def test_what_no_function_can_even_carry_there_is_for_a_person() -> None:
    error = refusal(backup(database=15 * GB, archive=12 * GB), room(embedded=False))
    assert error.todo.startswith("No function is large enough.")
    fetch = "aws s3 cp --recursive --force-glacier-transfer s3://<bucket>"
    assert f"{fetch}/weekly/app/2026-11-22T020000Z/ ." in error.todo


def test_memory_is_for_the_server_its_workers_and_many_tables() -> None:
    assert fits(backup(GB, tables=100), room(memory_mb=1024))
    error = refusal(backup(GB, tables=20_000), room(memory_mb=512))
    assert "of memory for 2 workers and 20000 tables, and the function has 512 MB" in error.what
    (more,) = re.findall(r"drill\.memory_mb to (\d+)", error.todo)
    assert fits(backup(GB, tables=20_000), room(memory_mb=int(more)))
    assert fits(backup(GB, tables=20_000), room(memory_mb=512, embedded=False))


def test_all_shortages_are_reported_at_once() -> None:
    error = refusal(backup(6 * GB, tables=20_000), room(memory_mb=512, seconds_left=60))
    for words in ("of /tmp", "of memory", "it will take about"):
        assert words in error.what


def test_an_earlier_drill_tells_how_long_it_will_take() -> None:
    slow = measured(GB, seconds=505.0)  # half a second for each MB
    assert fits(backup(GB), room(seconds_left=505), earlier=(slow,))
    error = refusal(backup(GB * 3 // 2), room(seconds_left=505), earlier=(slow,))
    assert "it will take about 12 min 35 s and 8 min 25 s are left" in error.what


def test_more_minutes_are_offered_before_more_processors() -> None:
    settings = DrillSettings(timeout_minutes=5, memory_mb=3008)
    slow = (measured(GB, seconds=505.0),)
    has = room(seconds_left=280)
    error = refusal(backup(GB), has, settings, slow)
    assert error.todo.startswith("Set drill.timeout_minutes to 9 in lifeboat.toml")
    error = refusal(backup(GB * 9 // 5), room(seconds_left=880), DrillSettings(jobs=4), slow)
    assert error.todo.startswith("Set drill.memory_mb to 3584 in lifeboat.toml")
    error = refusal(backup(GB * 3), room(seconds_left=880), DrillSettings(), slow)
    assert error.todo.startswith("Set drill.memory_mb to 5632 and drill.jobs to 3 in lifeboat.toml")
    error = refusal(backup(GB * 9), room(seconds_left=880, tmp_free_bytes=10 * GB), earlier=slow)
    assert error.todo.startswith("Restore into a server of your own")


def test_more_processors_of_the_function_dont_help_a_server_elsewhere() -> None:
    slow = (measured(GB, seconds=505.0, target="h:5432/d"),)
    error = refusal(backup(GB * 3), room(embedded=False), earlier=slow)
    assert error.todo.startswith("No function is large enough.")


@pytest.mark.parametrize("times", [1.2, 2.0, 3.0])
def test_the_processors_that_are_named_are_enough(times: float) -> None:
    slow = (measured(GB, seconds=800.0),)
    manifest = backup(int(GB * times))
    error = refusal(manifest, room(), DrillSettings(), slow)
    (memory,) = re.findall(r"drill\.memory_mb to (\d+)", error.todo)
    jobs = [int(number) for number in re.findall(r"drill\.jobs to (\d+)", error.todo)] or [2]
    more = DrillSettings(memory_mb=int(memory), jobs=jobs[0])
    assert fits(manifest, room(memory_mb=int(memory)), more, slow)


# The pace.

PACE = DurationForecast(embedded=True, memory_mb=3008, jobs=2)


def test_the_slowest_of_the_last_five_drills_counts() -> None:
    reports = [
        measured(GB, seconds, started=REPORT.started + timedelta(days=day))
        for day, seconds in enumerate((900.0, 40.0, 50.0, 90.0, 45.0, 41.0))
    ]
    assert PACE.seconds_for(GB, reversed(reports)) == pytest.approx(90)


def test_drills_without_an_end_or_into_another_kind_of_server_dont_count() -> None:
    careful = PACE.seconds_for(GB, [])
    for report in (
        measured(GB, 500.0, target="10.0.0.7:5432/drill"),
        measured(GB, 500.0, checks=REPORT.checks[:3]),
        measured(GB, 500.0).model_copy(update={"database_bytes": None}),
    ):
        assert PACE.seconds_for(GB, [report]) == careful
    elsewhere = DurationForecast(embedded=False, memory_mb=512, jobs=2)
    report = measured(GB, 500.0, target="10.0.0.7:5432/drill")
    assert elsewhere.seconds_for(GB, [report]) == pytest.approx(500)


def test_a_drill_that_only_counted_rows_says_less_than_one_that_reads_them_takes() -> None:
    checks = tuple(check for check in REPORT.checks if check.name != "content")
    counted = measured(GB, 100.0, checks=checks)
    assert PACE.seconds_for(GB, [counted]) == pytest.approx(100 + GB / (50 * MB))
    assert PACE.seconds_for(GB, [measured(GB, 100.0)]) == pytest.approx(100)


def test_half_the_processors_take_twice_as_long_but_never_more_work_than_workers() -> None:
    report = measured(GB, 100.0, memory_mb=1768)
    for memory, jobs, seconds in ((884, 2, 200), (3536, 2, 50), (10_240, 2, 50), (10_240, 1, 100)):
        pace = DurationForecast(embedded=True, memory_mb=memory, jobs=jobs)
        assert pace.seconds_for(GB, [report]) == pytest.approx(seconds, rel=0.01)


def test_a_small_database_says_how_long_it_took_but_not_how_that_grows() -> None:
    tiny = measured(8 * MB, 25.0)
    assert PACE.seconds_for(8 * MB, [tiny]) == pytest.approx(25)
    assert PACE.seconds_for(GB, [tiny]) < 25 + GB / (12 * MB)  # and not 2,500 s
    assert PACE.seconds_for(GB, [tiny]) > 25 + GB / (24 * MB)


def test_unmeasured_a_gigabyte_takes_about_a_minute() -> None:
    assert PACE.seconds_for(GB, []) == pytest.approx(57, abs=1)


@given(SIZES, SIZES, SIZES, st.floats(5, 5000), st.integers(512, 10_240), st.booleans())
def test_a_larger_database_never_takes_less_time(
    one: int,
    other: int,
    before: int,
    seconds: float,
    memory: int,
    embedded: bool,  # noqa: FBT001
) -> None:
    target = "embedded" if embedded else "h:5432/d"
    pace = DurationForecast(embedded=embedded, memory_mb=memory, jobs=2)
    for earlier in ([], [measured(before, seconds, target=target)]):
        small, large = (pace.seconds_for(size, earlier) for size in sorted((one, other)))
        assert small <= large


@given(SIZES, SIZES, SIZES, SIZES, ROOMS, SETTINGS_OF_ANY_SIZE, st.booleans())
def test_a_larger_backup_never_fits_better(  # noqa: PLR0917
    database: int,
    archive: int,
    more_database: int,
    more_archive: int,
    has: Capacity,
    settings: DrillSettings,
    known: bool,  # noqa: FBT001
) -> None:
    earlier = (measured(GB, 100.0),) if known else ()
    if fits(backup(database + more_database, archive + more_archive), has, settings, earlier):
        assert fits(backup(database, archive), has, settings, earlier)


@given(SIZES, SIZES, ROOMS, SETTINGS_OF_ANY_SIZE)
def test_every_refusal_has_a_way_out(
    database: int, archive: int, has: Capacity, settings: DrillSettings
) -> None:
    try:
        wanted = demand(backup(database, archive), settings, embedded=has.embedded)
        place_drill(wanted, has, may_move=False)
    except CapacityError as error:
        ways = ("Set drill.", "Restore into a server of your own", "No function is large enough.")
        assert error.todo.startswith(ways)  # noqa: PT017 - both outcomes are right
        for number in re.findall(r"_mb to (\d+)", error.todo):
            assert int(number) <= 10_240


# How far it goes.


def test_limits_are_where_time_and_disk_end_at_the_pace_of_this_drill() -> None:
    report = measured(GB, 105.0, archive_bytes=200_000_000, ephemeral_mb=4096)
    found = {limit.what: limit.database_bytes for limit in limits(report, seconds=880)}
    assert found == {
        "rto": pytest.approx(GB + (3600 - 105) * GB // 100, rel=1e-6),
        "time": pytest.approx(GB + (880 - 105) * GB // 100, rel=1e-6),
        "disk": pytest.approx((4096 * MB - DISK_MARGIN_BYTES) / 1.2, rel=1e-6),
    }


def test_elsewhere_the_disk_holds_the_archive_only() -> None:
    report = measured(GB, 105.0, archive_bytes=200_000_000, target="h:5432/d")
    (disk,) = (x.database_bytes for x in limits(report, seconds=880) if x.what == "disk")
    assert disk == pytest.approx((4096 * MB - DISK_MARGIN_BYTES) * 5, rel=1e-6)


def test_a_drill_without_an_end_has_no_limits() -> None:
    assert limits(drill(checks=()), seconds=880) == ()
    assert limits(drill(archive_bytes=None), seconds=880) == ()


@given(
    st.integers(1, 200 * GB),
    SIZES,
    st.floats(0, 900),
    st.floats(0, 1),
    st.integers(0, 10_240),
    st.integers(1, 10_000),
)
def test_no_limit_is_below_a_size_that_was_just_measured_to_fit(
    database: int, archive: int, seconds: float, share: float, ephemeral: int, target: int
) -> None:
    report = drill(
        database_bytes=database,
        archive_bytes=archive,
        total_seconds=seconds,
        seconds={"find": seconds * (1 - share), "restore": seconds * share},
        ephemeral_mb=ephemeral,
        rto_seconds=target,
    )
    fitted = {
        "rto": seconds <= target,
        "time": seconds <= 880,
        "disk": archive + database + DISK_MARGIN_BYTES <= ephemeral * MB,
    }
    found = limits(report, seconds=880)
    assert [limit.what for limit in found] == ["rto", "time", "disk"]
    for limit in found:
        assert (limit.database_bytes >= database) is fitted[limit.what]


@given(st.integers(1, 200 * GB), st.floats(5.1, 900), st.floats(0, 4000))
def test_a_course_and_its_inverse_agree(database: int, seconds: float, later: float) -> None:
    course = measured_model(measured(database, seconds))
    assert course is not None
    assert course.seconds_for(database) == pytest.approx(seconds)
    if size := course.bytes_in(later):
        assert course.seconds_for(size) == pytest.approx(later, abs=0.01)


def test_the_largest_size_that_lambda_has_is_still_a_way_out() -> None:
    assert capacity._setting(ROOM, "memory_mb", 10_240) == "drill.memory_mb to 10240"
    assert capacity._setting(ROOM, "memory_mb", 9_729) == "drill.memory_mb to 10240"
    assert capacity._setting(ROOM, "memory_mb", 10_241) is None


def test_what_needs_just_what_is_there_fits() -> None:
    needed = capacity._MEMORY_MB + SETTINGS.jobs * capacity._JOB_MB
    made = backup(database=0, tables=0)
    assert capacity._memory(made, room(memory_mb=needed), SETTINGS) is None
    assert capacity._memory(made, room(memory_mb=needed - 1), SETTINGS) is not None
    assert capacity._disk(made, room(tmp_free_bytes=DISK_MARGIN_BYTES), SETTINGS) is None
    assert capacity._disk(made, room(tmp_free_bytes=DISK_MARGIN_BYTES - 1), SETTINGS) is not None


def test_a_machine_of_ones_own_is_only_named_where_nothing_else_helps() -> None:
    with pytest.raises(CapacityError) as caught:
        place_drill(demand(backup(5 * GB)), room(tmp_free_bytes=GB), may_move=False)
    assert "no function is large enough" not in caught.value.todo.lower()
