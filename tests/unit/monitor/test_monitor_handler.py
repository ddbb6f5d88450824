import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.alerts.topic import Topic
from lifeboat.alerts.webhook import Webhook
from lifeboat.errors import EventError, NotificationError, StaleStatusError
from lifeboat.model.metrics import MetricValue
from lifeboat.monitor import handler as monitor
from lifeboat.monitor.check_health import CheckResult
from lifeboat.monitor.page_store import StoredPage
from lifeboat.monitor.policy.event import parse_monitor_event
from lifeboat.monitor.policy.status import status_of
from lifeboat.runtime.emit_metrics import emit_metrics
from lifeboat.settings import AlertSettings, WatchedSettings
from tests.support.seen_bucket import APP, NOW, SETTINGS, healthy

HOOK = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hook-AbCdEf"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "LIFEBOAT_TOPIC": "arn:aws:sns:us-east-1:000000000000:topic",
        "LIFEBOAT_SECRETS": "1",
        "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
    }.items():
        monkeypatch.setenv(name, value)


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
    assert (parse_monitor_event(event).format == "text") is text


@pytest.mark.parametrize("event", [{"format": "xml"}, {"format": None}, {"format": ["text"]}])
def test_a_format_that_there_is_not_is_refused(event: object) -> None:
    with pytest.raises(EventError, match="Invalid event: 'format'"):
        parse_monitor_event(event)


def test_people_are_notified_by_the_topic_first_and_by_a_webhook_where_there_is_one() -> None:
    topic = Topic(None, "arn:aws:sns:us-east-1:000000000000:topic")
    assert monitor._channels(SETTINGS, topic) == (topic,)
    alerts = AlertSettings(slack=True, webhook_url_secret_arn=HOOK)
    settings = WatchedSettings(databases=(APP,), alerts=alerts)
    first, webhook = monitor._channels(settings, topic)
    assert first is topic
    assert isinstance(webhook, Webhook)
    assert webhook.url.arn == HOOK


def test_figures_are_written_as_metrics_each_database_under_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    emit_metrics(
        [
            MetricValue("BackupAge", 0.0),
            MetricValue("Findings", 2, "app"),
            MetricValue("DrillAge", 1, "app"),
        ]
    )
    whole, app = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert whole["BackupAge"] == [0.0], "a backup of this very minute is measured, too"
    assert whole["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
    assert (app["Database"], app["Findings"], app["DrillAge"]) == ("app", [2.0], [1.0])
    assert app["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Database"]]


def test_without_figures_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    emit_metrics([])
    assert capsys.readouterr().out == ""


class Watcher:
    """A watcher elsewhere; it may be deaf."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf, self.heard = deaf, 0

    def beat(self) -> None:
        if self.deaf:
            raise NotificationError("The heartbeat to example.com failed: HTTP 404.", todo="Look.")
        self.heard += 1


def checked(*failures: NotificationError, received: bool = True) -> CheckResult:
    facts = healthy().facts()
    status = status_of(facts, SETTINGS, (), NOW)
    return CheckResult(status, (), failures, received=received)


FAILED = NotificationError("It failed.", todo="Look.")


@pytest.mark.parametrize(
    ("result", "heard"),
    [(checked(), 1), (checked(FAILED), 0), (checked(received=False), 0)],
)
def test_the_watcher_hears_of_checks_that_could_notify_somebody_and_of_no_other(
    monkeypatch: pytest.MonkeyPatch, result: CheckResult, heard: int
) -> None:
    watcher = Watcher()
    monkeypatch.setattr(monitor, "Heartbeat", lambda _url: watcher)
    monitor._beat(AlertSettings(), result)
    assert watcher.heard == 0, "without a setting there is nobody to tell"
    monitor._beat(AlertSettings(heartbeat_url_secret_arn=HOOK), result)
    assert watcher.heard == heard


def test_a_deaf_watcher_fails_no_check_and_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(monitor, "Heartbeat", lambda _url: Watcher(deaf=True))
    monitor._beat(AlertSettings(heartbeat_url_secret_arn=HOOK), checked())
    (said,) = caplog.records
    assert said.message == "heartbeat.failed"
    assert vars(said)["reason"] == "The heartbeat to example.com failed: HTTP 404."


def test_a_widget_before_the_first_check_says_so_and_a_page_that_is_too_old_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIFEBOAT_SETTINGS", SETTINGS.model_dump_json())
    monkeypatch.setenv("LIFEBOAT_BUCKET", "bucket-1")
    page = StoredPage("<style></style><body>x</body>", datetime.now(UTC))
    monkeypatch.setattr(monitor, "load_page", lambda _: None)
    assert "No check has written the status page yet" in monitor._widget({})
    monkeypatch.setattr(monitor, "load_page", lambda _: page)
    assert '<div class="lifeboat">x</div>' in monitor._widget({})
    old = replace(page, written=page.written - timedelta(hours=3))
    monkeypatch.setattr(monitor, "load_page", lambda _: old)
    with pytest.raises(StaleStatusError, match="nothing checks the backups"):
        monitor._widget({})
