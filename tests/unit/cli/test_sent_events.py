"""The events that commands send are those that the functions take."""

import json
from collections.abc import Callable, Mapping

import pytest

from lifeboat.backup.policy.event import parse_event
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.neon_restore.policy.event import parse_neon_restore_event
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat_cli.main import main

PARSERS: Mapping[str, Callable[[object], object]] = {
    "backup-app": parse_event,
    "drill-app": parse_drill_event,
    "monitor": parse_monitor_event,
    "neon-restore": parse_neon_restore_event,
    "restore": parse_restore_event,
}
ID = "daily/app/2026-11-22T020000Z"


@pytest.mark.parametrize(
    ("typed", "function", "event"),
    [
        ("status", "monitor", {}),
        ("status app", "monitor", {}),
        ("cost", "monitor", {}),
        ("backups app", "restore", {"action": "list", "database": "app"}),
        ("show app", "restore", {"action": "tables", "database": "app"}),
        (
            "show app daily/2026-11-22T020000Z",
            "restore",
            {"action": "tables", "database": "app", "backup": ID},
        ),
        (
            "restore app --by neon --at 2026-11-22T09:00Z --without-backup",
            "neon-restore",
            {
                "action": "restore",
                "database": "app",
                "at": "2026-11-22T09:00:00Z",
                "without_backup": True,
            },
        ),
        (
            "restore app --by neon --snapshot snap-1",
            "neon-restore",
            {"action": "restore", "database": "app", "snapshot": "snap-1"},
        ),
        (
            "restore app --by neon --plan-id 2026-11-22T103000Z --confirm main",
            "neon-restore",
            {
                "action": "restore",
                "database": "app",
                "plan": "2026-11-22T103000Z",
                "execute": True,
                "confirm": "main",
            },
        ),
        ("undo app --by neon", "neon-restore", {"action": "undo", "database": "app"}),
        ("backup app", "backup-app", {"database": "app"}),
        ("backup app --label m42", "backup-app", {"database": "app", "label": "m42"}),
        ("backup app --tier daily", "backup-app", {"database": "app", "tier": "daily"}),
        ("drill app", "drill-app", {"database": "app"}),
        ("drill app random", "drill-app", {"database": "app", "backup": "random"}),
        (f"drill app {ID}", "drill-app", {"database": "app", "backup": ID}),
        (
            "mute app no-drill 48h",
            "monitor",
            {"action": "mute", "database": "app", "code": "no-drill", "hours": 48},
        ),
        (
            "mute app no-drill",
            "monitor",
            {"action": "mute", "database": "app", "code": "no-drill", "hours": 24},
        ),
        (
            "unmute - stale-upload",
            "monitor",
            {"action": "unmute", "database": "-", "code": "stale-upload"},
        ),
        (
            "ack app no-drill",
            "monitor",
            {"action": "ack", "database": "app", "code": "no-drill"},
        ),
    ],
)
def test_a_command_sends_what_its_function_takes(
    typed: str, function: str, event: object, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--show-event", "--stack", "Boat", "--region", "eu-central-1"]
    assert main([*typed.split(), *here]) == 0
    name, sent = capsys.readouterr().out.splitlines()
    assert name == f"Boat-{function}"
    assert json.loads(sent) == event
    PARSERS[function](json.loads(sent))


@pytest.mark.parametrize(
    "typed",
    [
        "restore app --by neon",
        "restore app --by neon --at yesterday --table users",
        "restore app --by neon --at whenever",
        "restore app --by neon --at yesterday --plan-id 2026-11-22T103000Z --confirm main",
        "restore app --at yesterday",
        "restore app --snapshot x",
        "restore app --by neon --snapshot x --at yesterday",
        "restore app --by neon --snapshot x --plan-id 2026-11-22T103000Z --confirm main",
        "undo app --by neon --target x",
        "undo app --without-backup",
    ],
)
def test_options_of_restores_by_neon_that_do_not_go_together_are_refused(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*typed.split(), "--stack", "Boat", "--region", "us-east-1", "--show-event"]) == 2
    assert capsys.readouterr().out == ""
