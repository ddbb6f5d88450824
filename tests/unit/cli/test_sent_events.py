"""The events that commands send are those that the functions take."""

import json
from collections.abc import Callable, Mapping

import pytest

from lifeboat.backup.policy.event import parse_event
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat_cli.main import main

PARSERS: Mapping[str, Callable[[object], object]] = {
    "backup-app": parse_event,
    "drill-app": parse_drill_event,
    "monitor": parse_monitor_event,
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
