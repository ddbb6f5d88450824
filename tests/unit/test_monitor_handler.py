from collections.abc import Iterator
from dataclasses import replace

import pytest

from lifeboat.alerts.topic import Topic
from lifeboat.alerts.webhook import Webhook
from lifeboat.errors import EventError
from lifeboat.handlers import monitor
from lifeboat.policy.status import DatabaseStatus, status_of
from lifeboat.settings import AlertSettings, WatchedSettings
from tests.unit.vaults import APP, NOW, SETTINGS, healthy

HOOK = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hook-AbCdEf"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "LIFEBOAT_TOPIC": "arn:aws:sns:us-east-1:000000000000:topic",
        "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
    }.items():
        monkeypatch.setenv(name, value)
    yield
    monitor.metrics.clear_metrics()


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({}, False),
        ({"format": "json"}, False),
        ({"format": "text"}, True),
        ({"scheduled": "2026-11-22T02:15:00Z"}, False),
        ([], False),
        (None, False),
    ],
)
def test_an_event_may_ask_for_text_and_any_other_look_gives_an_object(
    event: object, *, text: bool
) -> None:
    assert monitor._wants_text(event) is text


@pytest.mark.parametrize("event", [{"format": "xml"}, {"format": None}, {"format": ["text"]}])
def test_a_format_that_there_is_not_is_refused(event: object) -> None:
    with pytest.raises(EventError, match="There is no format"):
        monitor._wants_text(event)


def test_people_are_told_by_the_topic_first_and_by_a_webhook_where_there_is_one() -> None:
    topic = Topic(None, "arn:aws:sns:us-east-1:000000000000:topic")
    assert monitor._channels(SETTINGS, topic) == (topic,)
    alerts = AlertSettings(slack=True, webhook_url_secret_arn=HOOK)
    settings = WatchedSettings(databases=(APP,), alerts=alerts)
    first, webhook = monitor._channels(settings, topic)
    assert first is topic
    assert isinstance(webhook, Webhook)
    assert webhook.secret_arn == HOOK


def test_what_is_not_known_is_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """An alarm on the age counts what is missing as bad; a zero would silence it."""
    vault = healthy()
    (app,) = status_of(vault.facts(), SETTINGS, vault.findings(), NOW).databases
    monitor._measure_database(app)
    assert '"BackupAge"' in capsys.readouterr().out
    monitor._measure_database(replace(app, backup=None, drill=None, monthly_cost=None))
    said = capsys.readouterr().out
    assert '"FindingsCritical"' in said
    for name in ("BackupAge", "NewestRows", "NewestArchiveBytes", "DrillAge", "MonthlyCost"):
        assert name not in said


def test_a_backup_of_this_very_minute_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    vault = healthy()
    (app,) = status_of(vault.facts(), SETTINGS, vault.findings(), NOW).databases
    assert isinstance(app, DatabaseStatus)
    assert app.backup is not None
    monitor._measure_database(replace(app, backup=replace(app.backup, age_hours=0.0)))
    assert '"BackupAge":[0.0]' in capsys.readouterr().out
