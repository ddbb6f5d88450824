"""The weekly digest: how everything is, in one message, which also proves that messages arrive."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from lifeboat.alerts.policy.findings import Health
from lifeboat.alerts.policy.installation import Installation
from lifeboat.alerts.policy.links import closing_links
from lifeboat.alerts.policy.local_times import with_local_times
from lifeboat.alerts.policy.message import Kind, Message
from lifeboat.alerts.policy.subject import subject_of
from lifeboat.model.text import format_age, line
from lifeboat.monitor.policy.notifications import Notifications
from lifeboat.monitor.policy.status import DatabaseStatus, Status
from lifeboat.monitor.policy.status_text import muted_text
from lifeboat.settings import AlertSettings

OFF = "off"
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MAX_LISTED = 50
_PROOF = (
    "This message comes once a week (alerts.digest). If it stays away, no other message reaches"
    " you either."
)


def last_due(alerts: AlertSettings, now: datetime) -> datetime | None:
    """The latest time up to now at which a digest was due; None if there is none to send.

    Args:
        alerts: with the day, the time, and their time zone.
        now: the time of the check, in UTC.
    """
    if alerts.digest == OFF:
        return None
    day, _, clock = alerts.digest.partition(" ")
    zone = ZoneInfo(alerts.timezone)
    wall = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007  # a time of the day
    today = now.astimezone(zone).date()
    for back in range(8):
        date = today - timedelta(days=back)
        moment = datetime.combine(date, wall, zone).astimezone(UTC)
        if _DAYS[date.weekday()] == day and moment <= now:
            return moment
    return None


def with_digest(fresh: Notifications, status: Status, installation: Installation) -> Notifications:
    """The notifications with the digest, if one is due that people have not got yet.

    The first check sends none: it only remembers when the last one was due.

    Args:
        fresh: the notifications of a check.
        status: of that check.
        installation: the stack that sends them.
    """
    due = last_due(installation.alerts, status.checked_at)
    known = fresh.state.last_digest
    if due is None or (known and due <= known):
        return fresh
    state = fresh.state.model_copy(update={"last_digest": due})
    messages = (*fresh.messages, digest_message(status, installation)) if known else fresh.messages
    return Notifications(messages, state)


def digest_message(status: Status, installation: Installation) -> Message:
    """The digest of a status.

    Args:
        status: of a complete check.
        installation: the stack that sends it.
    """
    safe = sum(each.health is Health.HEALTHY for each in status.databases)
    count = len(status.databases)
    counted = f"{safe} of {count} databases {'is' if safe == 1 else 'are'} safe"
    paragraphs = [
        f"{counted}; {'; '.join(_figures(status))}.",
        *_wrong(status),
        *_providers(status),
        *([muted_text(status.muted)] if status.muted else []),
        _PROOF,
    ]
    zone = installation.alerts.timezone
    return Message(
        subject=subject_of(installation, f"WEEKLY: {counted}"),
        paragraphs=tuple(with_local_times(each, zone) for each in paragraphs),
        links=closing_links(installation),
        databases=(),
        attributes={
            "kind": Kind.DIGEST.value,
            "level": "info",
            "urgency": "-",
            "code": "digest",
            "database": "-",
        },
        installation=installation,
    )


def _figures(status: Status) -> Iterator[str]:
    backups = [each.newest_backup.age_hours for each in status.databases if each.newest_backup]
    if backups:
        yield f"oldest backup {format_age(timedelta(hours=max(backups)))}"
    drills = [each.newest_drill for each in status.databases if each.newest_drill]
    if drills:
        slowest = max(drills, key=lambda each: each.seconds / each.rto_seconds)
        yield f"slowest restore {slowest.seconds / 60:.0f} of {slowest.rto_seconds / 60:.0f} min"
    yield f"about ${status.bill.total:,.0f} a month"


def _wrong(status: Status) -> Iterator[str]:
    unsafe = sorted(
        (each for each in status.databases if each.health is not Health.HEALTHY),
        key=lambda each: (each.health.rank, each.name),
    )
    if not unsafe:
        return
    more = len(unsafe) - _MAX_LISTED
    rest = [f"The status lists {more} more."] if more > 0 else []
    yield "\n".join(["Not safe:", *map(_line, unsafe[:_MAX_LISTED]), *rest])


def _providers(status: Status) -> Iterator[str]:
    """What providers can give back by themselves, for the databases whose provider is asked."""
    asked = [(each.name, each.provider) for each in status.databases if each.provider]
    if asked:
        lines = [f"  {name}: {line(provider.says)}" for name, provider in asked[:_MAX_LISTED]]
        more = len(asked) - _MAX_LISTED
        rest = [f"The status lists {more} more."] if more > 0 else []
        yield "\n".join(["Beside the backups:", *lines, *rest])


def _line(database: DatabaseStatus) -> str:
    worst = f": {line(database.worst_finding)}" if database.worst_finding else ""
    return f"  {database.name}: {database.health.words}{worst}"
