from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.alerts.policy.state import MonitorState
from lifeboat.monitor.policy.digest import last_due, with_digest
from lifeboat.monitor.policy.notifications import Notifications
from lifeboat.monitor.policy.silence_answer import MutedFindings
from lifeboat.monitor.policy.status import Status, status_of
from lifeboat.settings import AlertSettings
from tests.support.seen_bucket import DAY, HOUR, INSTALLATION, NOW, SeenBucket, empty, healthy

MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)


def alerts(digest: str = "MON 08:00", timezone: str = "UTC") -> AlertSettings:
    return AlertSettings(digest=digest, timezone=timezone)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (MONDAY, MONDAY),
        (MONDAY - MINUTE, MONDAY - 7 * DAY),
        (MONDAY + 6 * DAY, MONDAY),
        (MONDAY + 7 * DAY - MINUTE, MONDAY),
    ],
)
def test_it_is_due_once_a_week(now: datetime, due: datetime) -> None:
    assert last_due(alerts(), now) == due


def test_it_is_due_at_the_time_of_peoples_own_clocks() -> None:
    berlin = alerts("SUN 02:30", "Europe/Berlin")
    assert last_due(berlin, MONDAY) == datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    assert last_due(berlin, datetime(2026, 7, 6, 8, tzinfo=UTC)) == datetime(
        2026, 7, 5, 0, 30, tzinfo=UTC
    )
    lost_hour = last_due(berlin, datetime(2026, 3, 30, tzinfo=UTC))
    assert lost_hour is not None
    assert lost_hour.date() == datetime(2026, 3, 29, tzinfo=UTC).date()
    assert last_due(alerts("off"), MONDAY) is None


def status(bucket: SeenBucket, now: datetime, *muted: MutedFindings) -> Status:
    made = status_of(bucket.facts(), bucket.settings, bucket.findings(), bucket.now, muted=muted)
    return made.model_copy(update={"checked_at": now})


def tell(known: datetime | None, now: datetime, bucket: SeenBucket | None = None) -> Notifications:
    fresh = Notifications((), MonitorState(last_digest=known))
    return with_digest(fresh, status(bucket or healthy(), now), INSTALLATION)


def test_each_is_sent_once_by_the_first_check_after_its_time() -> None:
    assert tell(MONDAY - 7 * DAY, MONDAY - MINUTE).messages == ()
    sent = tell(MONDAY - 7 * DAY, MONDAY + 3 * HOUR)
    assert len(sent.messages) == 1
    assert sent.state.last_digest == MONDAY
    assert tell(MONDAY, MONDAY + 4 * HOUR).messages == ()
    assert len(tell(MONDAY - 70 * DAY, MONDAY + DAY).messages) == 1, "one for all that are missing"


def test_the_first_check_ever_sends_none_and_the_next_week_has_one() -> None:
    first = tell(None, MONDAY + HOUR)
    assert first.messages == ()
    assert len(tell(first.state.last_digest, MONDAY + 7 * DAY).messages) == 1


def test_it_says_how_everything_is() -> None:
    (message,) = tell(MONDAY, MONDAY + 7 * DAY).messages
    assert message.subject == (
        "[Lifeboat] WEEKLY: 1 of 1 databases is safe (123456789012 us-east-1)"
    )
    assert message.attributes["kind"] == "digest"
    assert message.paragraphs[0] == (
        "1 of 1 databases is safe; oldest backup 9 h; slowest restore 2 of 60 min;"
        " about $4 a month."
    )
    assert "If it stays away, no other message reaches you either." in message.body
    assert "Not safe" not in message.body
    assert message.body.endswith("Account 123456789012, region us-east-1, stack Lifeboat.\n")


def test_it_names_what_is_not_safe_and_what_is_muted() -> None:
    (message,) = tell(MONDAY, MONDAY + 7 * DAY, empty()).messages
    assert message.subject.startswith("[Lifeboat] WEEKLY: 0 of 1 databases are safe")
    assert "\nNot safe:\n  app: " in message.body
    muted = MutedFindings(database="app", code="no-drill", until=NOW)
    fresh = Notifications((), MonitorState(last_digest=MONDAY))
    shown = status(healthy(), MONDAY + 7 * DAY, muted)
    (message,) = with_digest(fresh, shown, INSTALLATION).messages
    assert "  app no-drill until 2026-11-25 12:00 UTC" in message.body
