"""What the restore function may be asked for."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from lifeboat.errors import EventError
from lifeboat.model.keys import parse_id
from lifeboat.restore.policy.event import Action, parse_restore_event, require_past
from tests.support.samples import JSON

BACKUP = "daily/app/2026-11-22T020000Z"
TARGET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:owner-AbCd12"


def test_what_is_asked_for_is_a_plan_unless_it_says_go() -> None:
    assert parse_restore_event({"action": "restore", "database": "app"}).execute is False
    assert (
        parse_restore_event({"action": "restore", "database": "app", "execute": True}).execute
        is True
    )


def test_a_backup_is_named_by_its_id_or_by_what_it_must_precede() -> None:
    exact = parse_restore_event({"action": "restore", "database": "app", "backup": BACKUP})
    assert exact.backup == parse_id(BACKUP)
    early = parse_restore_event(
        {"action": "restore", "database": "app", "before": "2026-11-22T12:00Z"}
    )
    assert early.before == datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_before_asks_for_a_moment_that_has_been() -> None:
    event = parse_restore_event(
        {"action": "restore", "database": "app", "before": "2026-11-22T12:00Z"}
    )
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    require_past(event, noon - timedelta(hours=1))
    with pytest.raises(EventError, match="key 'before' has 2026-11-22 12:00 UTC, which lies in"):
        require_past(event, noon - timedelta(hours=1, seconds=1))


def test_tables_are_named_with_their_schema_and_quoted_where_they_must_be() -> None:
    event = parse_restore_event(
        {"action": "export", "database": "app", "tables": ["public.users", 'x."A b"']}
    )
    assert event.tables == (("public", "users"), ("x", "A b"))
    assert event.with_changes()["tables"] == ["public.users", 'x."A b"']


@pytest.mark.parametrize(
    "event",
    [
        {"action": "restore", "database": "app", "backup": BACKUP, "owners": "none"},
        {"action": "restore", "database": "app", "before": "2026-11-22T12:00:00Z"},
        {
            "action": "swap",
            "database": "app",
            "restored_database": "c",
            "target": TARGET,
            "allow_unverified": True,
        },
        {
            "action": "restore-tables",
            "database": "app",
            "tables": ["public.users"],
            "data_only": True,
            "replace": True,
        },
    ],
)
def test_the_next_event_says_the_same_and_what_was_changed(event: dict[str, Any]) -> None:
    asked = parse_restore_event(event)
    assert asked.with_changes() == event
    again = json.loads(json.dumps(asked.with_changes(execute=True)))
    assert again == event | {"execute": True}
    assert parse_restore_event(again) == asked.model_copy(update={"execute": True})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"action": "drop", "database": "app"}, "key 'action' has 'drop'; it may be one of 'list'"),
        (
            {"action": "list", "database": "app", "execute": True},
            "'execute' is of no use to 'list'",
        ),
        ({"action": "list", "database": "app", "backup": BACKUP}, "no use to 'list'"),
        ({"action": "thaw", "database": "app", "target": TARGET}, "no use to 'thaw'"),
        ({"action": "restore", "database": "app", "confirm": "app"}, "'confirm' is of no use"),
        (
            {"action": "swap", "database": "app", "confirm": "app", "execute": True},
            "key 'restored_database' is missing: only a plan may choose it",
        ),
        ({"action": "undo", "database": "app", "execute": True}, "key 'execute' is of no use"),
        ({"action": "undo", "database": "app", "confirm": "app"}, "key 'confirm' is of no use"),
        ({"action": "databases", "database": "app", "execute": True}, "key 'execute' is of no use"),
        ({"action": "databases", "database": "app", "backup": BACKUP}, "key 'backup' is of no use"),
        ({"action": "restore-tables", "database": "app"}, "key 'tables' is missing"),
        (
            {"action": "restore-tables", "database": "app", "tables": ["a.b"], "replace": True},
            "goes with 'data_only'",
        ),
        (
            {
                "action": "restore-tables",
                "database": "app",
                "tables": ["a.b"],
                "data_only": True,
                "owners": "none",
            },
            "'owners' is of no use to rows alone",
        ),
        (
            {
                "action": "restore-tables",
                "database": "app",
                "tables": ["a.b"],
                "data_only": True,
                "compare": "rows",
            },
            "'compare' is of no use to rows alone",
        ),
        (
            {"action": "restore", "database": "app", "compare": "some"},
            "key 'compare' has 'some'; it may be 'content'",
        ),
        (
            {"action": "restore", "database": "other", "backup": BACKUP},
            "is a backup of 'app', not of 'other'",
        ),
        (
            {
                "action": "restore",
                "database": "app",
                "backup": BACKUP,
                "before": "2026-11-22T12:00:00Z",
            },
            "cannot stand beside the id",
        ),
        ({"action": "restore", "database": "app", "execute": "yes"}, "key 'execute' has 'yes'"),
        ({"action": "restore", "database": "app", "before": "noon"}, "key 'before' has 'noon'"),
        ({"action": "restore", "database": "app", "before": 5}, "key 'before' has 5"),
        (
            {"action": "restore", "database": "app", "target": "a secret"},
            "key 'target' has 'a secret'",
        ),
        ({"action": "export", "database": "app", "tables": "users"}, "key 'tables' has 'users'"),
        ({"action": "export", "database": "app", "tables": ["users"]}, "key 'tables' has"),
        ({"action": "export", "database": "app", "tables": ["a.b", 'a."b"']}, "key 'tables' has"),
        ({"action": "restore", "database": "app", "dry_run": True}, "key 'dry_run' is unknown"),
    ],
)
def test_what_makes_no_sense_is_refused_by_key(event: dict[str, Any], said: str) -> None:
    with pytest.raises(EventError) as caught:
        parse_restore_event(event)
    assert said in str(caught.value)
    assert "Nothing was started" in str(caught.value)


@given(JSON)
def test_any_other_json_is_refused_in_words(event: object) -> None:
    with pytest.raises(EventError):
        parse_restore_event(event)


def test_every_action_can_be_asked_for() -> None:
    needed: dict[Action, dict[str, Any]] = {
        Action.SWAP: {"restored_database": "c"},
        Action.RESTORE_TABLES: {"tables": ["a.b"]},
    }
    for action in Action:
        event = {"action": action.value, "database": "app", **needed.get(action, {})}
        assert parse_restore_event(event).action is action
