import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lifeboat.drill.policy.event import MAY_BE, DrillEvent, parse_drill_event
from lifeboat.drill.policy.target import does_without, target_of
from lifeboat.errors import (
    BranchError,
    EventError,
    LifeboatError,
    SecretError,
    TerminatedError,
    TimeLimitError,
)
from lifeboat.model.keys import BackupLocation
from lifeboat.model.tiers import Tier
from lifeboat.settings import DatabaseSettings
from tests.support.samples import DATABASES, JSON, SLOTS

BACKUP = "daily/app/2026-11-22T020000Z"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/drills-AbCdEf"


@given(DATABASES)
def test_a_database_alone_means_its_newest_backup_where_the_settings_say(database: str) -> None:
    event = parse_drill_event({"database": database})
    assert event == DrillEvent(database=database, backup="latest", target=None)
    assert event == parse_drill_event({"database": database, "backup": None, "target": None})


@given(DATABASES, st.sampled_from(Tier), SLOTS)
def test_a_backup_is_meant_by_the_id_that_lifeboat_calls_it(
    database: str, tier: Tier, slot: datetime
) -> None:
    location = BackupLocation(tier, database, slot)
    event = parse_drill_event({"database": database, "backup": location.id})
    assert event == DrillEvent(database=database, backup=location)
    assert event.backup == location


def test_any_hot_backup_and_a_server_of_ones_own_can_be_asked_for() -> None:
    event = parse_drill_event({"database": "app", "backup": "random", "target": ARN})
    assert (event.backup, event.target) == ("random", ARN)


@pytest.mark.parametrize(
    ("target", "setting", "expected"),
    [
        (None, "embedded", "embedded"),
        (None, "neon-branch", "neon-branch"),
        ("embedded", "neon-branch", "embedded"),
        ("neon-branch", "neon-branch", "neon-branch"),
        (ARN, "neon-branch", ARN),
        (ARN, "embedded", ARN),
    ],
)
def test_an_event_may_name_another_target_than_the_settings(
    target: str | None, setting: str, expected: str
) -> None:
    event = parse_drill_event({"database": "app", "target": target})
    assert target_of(event, app(setting)) == expected
    job = parse_drill_event(json.loads(json.dumps(event.pinned(BACKUP, expected))))
    assert (job.choice, target_of(job, app(setting))) == (BACKUP, expected)


def test_a_branch_is_no_target_that_the_settings_do_not_allow() -> None:
    event = parse_drill_event({"database": "app", "target": "neon-branch"})
    with pytest.raises(EventError, match="don't let drills of 'app'") as refused:
        target_of(event, app("embedded"))
    assert 'drill_target = "neon-branch"' in refused.value.todo


def app(target: str) -> DatabaseSettings:
    return DatabaseSettings.model_validate(
        {"name": "app", "secret_arn": ARN, "drill_target": target}
    )


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (BranchError("no", todo="x"), True),
        (SecretError("no", todo="x"), True),
        (TimeLimitError("no", todo="x"), False),
        (TerminatedError("no", todo="x"), False),
    ],
)
def test_a_drill_does_without_a_branch_unless_it_has_to_end(
    error: LifeboatError, *, expected: bool
) -> None:
    assert does_without(error) is expected


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (None, "the event is None, not a JSON object"),
        ({}, f"key 'database' is missing; it may be {MAY_BE['database']}"),
        ({"database": "My App"}, "key 'database' has 'My App'"),
        (
            {"database": "app", "backup": "newest"},
            f"key 'backup' has 'newest'; it may be {MAY_BE['backup']}",
        ),
        ({"database": "app", "backup": "daily/app/2026-11-22T020000Z/"}, "key 'backup' has"),
        ({"database": "app", "backup": "daily/app/2026-11-31T020000Z"}, "key 'backup' has"),
        ({"database": "app", "backup": ["latest"]}, "key 'backup' has ['latest']"),
        (
            {"database": "app", "backup": "daily/other/2026-11-22T020000Z"},
            "daily/other/2026-11-22T020000Z, which is a backup of 'other', not of 'app'",
        ),
        (
            {"database": "app", "target": "local host"},
            f"key 'target' has 'local host'; it may be {MAY_BE['target']}",
        ),
        ({"database": "app", "target": ARN[:-7]}, "six-character suffix"),
        ({"database": "app", "target": "postgresql://u:p@h/d"}, "key 'target' has"),
        ({"database": "app", "target": {}}, "key 'target' has {}"),
        ({"database": "app", "into": "x"}, "key 'into' is unknown; known are database, backup, ta"),
    ],
)
def test_an_event_that_makes_no_sense_is_reported_with_what_is_wrong(
    event: object, words: str
) -> None:
    with pytest.raises(EventError) as error:
        parse_drill_event(event)
    assert words in error.value.what
    assert '{"database": "app"}' in error.value.todo


def test_the_samples_in_an_error_are_events_that_work() -> None:
    with pytest.raises(EventError) as error:
        parse_drill_event(None)
    samples = error.value.todo.removeprefix("Send ").removesuffix(".").split(" or ")
    events = [parse_drill_event(json.loads(sample)) for sample in samples]
    assert [event.backup for event in events] == [
        "latest",
        BackupLocation(Tier.DAILY, "app", datetime(2026, 11, 22, 2, tzinfo=UTC)),
    ]


@given(
    JSON
    | st.fixed_dictionaries(
        {},
        optional={
            "database": JSON | DATABASES,
            "backup": JSON | st.sampled_from(["latest", "random", "daily/app/2026-11-22T020000Z"]),
            "target": JSON | st.sampled_from(["embedded", "neon-branch", ARN]),
            "\ud800": JSON,
        },
    )
)
def test_no_json_gives_another_exception(event: object) -> None:
    try:
        parse_drill_event(event)
    except EventError as error:
        str(error).encode()
        assert error.__context__ is None  # noqa: PT017 - both outcomes are right


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        parse_drill_event({"database": "app"}).target = ARN  # type: ignore[misc]
