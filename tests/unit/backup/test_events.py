import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lifeboat.backup.policy.event import MAY_BE, BackupEvent, parse_event, scheduled_at
from lifeboat.errors import EventError
from lifeboat.model.keys import time_id
from lifeboat.model.tiers import Tier
from tests.support.samples import DATABASES, JSON, LABELS

NOW = datetime(2026, 11, 22, 13, 14, 15, 161_718, tzinfo=UTC)
SAMPLE = '{"database": "app", "tier": "manual", "label": "before-migration-42"}'


@given(
    DATABASES,
    st.datetimes(
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2026, 11, 22),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
)
def test_a_scheduled_run_is_known_by_its_time_whenever_it_is_delivered(
    database: str, moment: datetime
) -> None:
    slot = moment.replace(microsecond=0)
    event = parse_event({"database": database, "scheduled": f"{slot:%Y-%m-%dT%H:%M:%SZ}"})
    assert event == BackupEvent(database=database, scheduled=slot)
    assert event.tier is None
    assert scheduled_at(event, NOW) == scheduled_at(event, NOW + timedelta(hours=5)) == slot


@given(DATABASES, st.none() | LABELS)
def test_by_hand_a_backup_is_manual_and_may_have_a_label(database: str, label: str | None) -> None:
    event = parse_event({"database": database, "label": label, "tier": None, "scheduled": None})
    assert event == BackupEvent(database=database, tier=Tier.MANUAL, label=label)
    assert parse_event({"database": database}).tier is Tier.MANUAL


@pytest.mark.parametrize("tier", Tier)
def test_by_hand_any_tier_can_be_asked_for(tier: Tier) -> None:
    assert parse_event({"database": "app", "tier": tier.value}).tier is tier


def test_by_hand_the_slot_is_the_second_of_the_request() -> None:
    event = parse_event({"database": "app"})
    assert scheduled_at(event, NOW) == datetime(2026, 11, 22, 13, 14, 15, tzinfo=UTC)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    assert time_id(scheduled_at(event, elsewhere)) == "2026-11-22T131415Z"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (None, "the event is None, not a JSON object"),
        ([], "the event is [], not a JSON object"),
        ("app", "the event is 'app', not a JSON object"),
        ({}, f"key 'database' is missing; it may be {MAY_BE['database']}"),
        ({"database": "My App"}, f"key 'database' has 'My App'; it may be {MAY_BE['database']}"),
        ({"database": "app\n"}, "key 'database' has 'app\\n'"),
        ({"database": 7}, "key 'database' has 7"),
        ({"database": "a" * 99}, "key 'database' has '" + "a" * 59 + "...; it may be"),
        (
            {"database": "app", "tier": "hourly"},
            f"key 'tier' has 'hourly'; it may be {MAY_BE['tier']}",
        ),
        ({"database": "app", "label": "Before Friday"}, f"it may be {MAY_BE['label']}"),
        ({"database": "app", "label": ""}, "key 'label' has ''"),
        ({"database": "app", "label": "a" * 64}, "key 'label' has"),
        ({"database": "app", "label": "-a"}, "key 'label' has '-a'"),
        ({"database": "app", "Tier": "daily"}, "key 'Tier' is unknown; known are database, sch"),
        ({"database": "app", "tier": "daily", "label": "x"}, "'label' is for manual backups only"),
        (
            {"database": "app", "scheduled": "2026-11-22T02:00:00Z", "label": "x"},
            "'label' is for manual backups only",
        ),
        (
            {"database": "app", "scheduled": "2026-11-22T02:00:00Z", "tier": "daily"},
            "key 'tier' cannot stand beside 'scheduled'",
        ),
        (
            {"database": "app", "scheduled": "<aws.scheduler.scheduled-time>"},
            "key 'scheduled' still has EventBridge Scheduler's placeholder",
        ),
        (
            {"database": "A", "tier": "B", "x": 1},
            "key 'database' has 'A'",
        ),
    ],
)
def test_an_event_that_makes_no_sense_is_reported_with_what_is_wrong(
    event: object, words: str
) -> None:
    with pytest.raises(EventError) as error:
        parse_event(event)
    assert words in error.value.what
    assert SAMPLE in error.value.todo


def test_all_problems_of_an_event_are_reported_at_once() -> None:
    with pytest.raises(EventError) as error:
        parse_event({"database": "A", "tier": "B", "x": 1})
    for word in ("'database' has 'A'", "'tier' has 'B'", "'x' is unknown"):
        assert word in error.value.what


@pytest.mark.parametrize(
    "scheduled",
    [
        "2026-11-22",
        "2026-11-22T02:00:00",
        "2026-11-22T02:00:00.5Z",
        "2026-11-22T02:00:00+01:00",
        "2026-11-22T02:00:00+00:00",
        "2026-11-22 02:00:00Z",
        "2026-11-31T02:00:00Z",
        "2026-11-22T24:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "2026-11-22T02:00:00Z\n",
        "",
        1_795_312_800,
        True,
        ["2026-11-22T02:00:00Z"],
    ],
)
def test_only_a_whole_second_in_utc_is_a_scheduled_time(scheduled: object) -> None:
    with pytest.raises(EventError) as error:
        parse_event({"database": "app", "scheduled": scheduled})
    assert MAY_BE["scheduled"] in error.value.what


def test_the_samples_in_an_error_are_events_that_work() -> None:
    with pytest.raises(EventError) as error:
        parse_event(None)
    samples = error.value.todo.removeprefix("Send ").removesuffix(".").split(" or ")
    assert [parse_event(json.loads(sample)).database for sample in samples] == ["app", "app"]


@given(
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "database": JSON | DATABASES,
            "scheduled": JSON | st.from_regex(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:00:00Z"),
            "tier": JSON | st.sampled_from(Tier).map(str),
            "label": JSON | LABELS,
            "\ud800": JSON,
        },
    )
)
def test_no_json_gives_another_exception(event: object) -> None:
    try:
        parse_event(event)
    except EventError as error:
        str(error).encode()
        assert error.__context__ is None  # noqa: PT017 - both outcomes are right


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_event({"database": "app"}).database = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("ahead", "refused"),
    [(timedelta(hours=1), False), (timedelta(hours=1, seconds=1), True), (timedelta(400), True)],
)
def test_a_backup_is_not_taken_for_a_time_to_come(*, ahead: timedelta, refused: bool) -> None:
    scheduled = NOW.replace(microsecond=0) + ahead
    event = parse_event({"database": "app", "scheduled": f"{scheduled:%Y-%m-%dT%H:%M:%SZ}"})
    now = NOW.replace(microsecond=0)
    if not refused:
        assert scheduled_at(event, now) == scheduled
        return
    with pytest.raises(EventError, match="which lies in the future: now it is"):
        scheduled_at(event, now)


def test_what_is_handed_over_means_the_same_backup_hours_later() -> None:
    later = NOW + timedelta(hours=5)
    for asked in (
        {"database": "app"},
        {"database": "app", "tier": "daily"},
        {"database": "app", "label": "before-42"},
        {"database": "app", "scheduled": "2026-11-22T02:00:00Z"},
    ):
        event = parse_event(asked)
        again = parse_event(json.loads(json.dumps(event.pinned(scheduled_at(event, NOW)))))
        assert scheduled_at(again, later) == scheduled_at(event, NOW)
        assert (again.tier, again.label) == (event.tier, event.label)


def test_the_beginning_of_a_backup_is_no_time_to_come_and_none_of_a_schedule() -> None:
    ahead = parse_event({"database": "app", "began": "2026-11-23T02:00:00Z"})
    with pytest.raises(EventError, match="'began' has 2026-11-23 02:00 UTC, which lies in the"):
        scheduled_at(ahead, NOW)
    moment = "2026-11-22T02:00:00Z"
    with pytest.raises(EventError, match="'began' is of backups by hand"):
        parse_event({"database": "app", "scheduled": moment, "began": moment})
