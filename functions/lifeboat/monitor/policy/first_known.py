"""Since when backups of a database are expected: by the monitor's state, or else by the bucket.

A monitor that runs for the first time, or has lost its state, must not excuse overdue backups, and
must not report a recovery an hour later. So it derives what the state lacks from the bucket, and
treats what it cannot derive as overdue. It uses the result for its checks and saves it: two checks
of the same bucket give the same result
(docs/decisions/0015-what-a-first-look-may-conclude.md).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code
from lifeboat.alerts.policy.state import KnownSchedule, MonitorState, schedule_of
from lifeboat.alerts.policy.topic_facts import (
    TopicFacts,
    addresses_by_fingerprint,
    with_subscribers,
)
from lifeboat.model.keys import MANIFEST, parse_key
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.database_view import RECENT, RUN_GRACE
from lifeboat.monitor.policy.facts import DatabaseFacts, Facts, Unknown
from lifeboat.monitor.policy.scheduled_times import last_scheduled
from lifeboat.settings import WatchedDatabase, WatchedSettings

_SECOND = timedelta(seconds=1)


def with_known(
    facts: Facts,
    memory: MonitorState | None,
    settings: WatchedSettings,
    now: datetime,
    *,
    lost: bool,
) -> Facts:
    """The same facts, with what the state has about each database and the topic.

    Args:
        facts: from the bucket and the topic.
        memory: the monitor's state; None if there is none.
        settings: of the monitor.
        now: the time of the check.
        lost: there was a state, but it cannot be read. If not, no state means a first check.
    """
    wanted = {each.name: each for each in settings.databases}
    oldest = _oldest(facts.databases)
    databases = (
        replace(
            each,
            known=_known(wanted[each.name], each, memory, oldest, now, lost=lost),
            replaced=_replaced(each.name, memory),
        )
        if each.name in wanted
        else each
        for each in facts.databases
    )
    topic = _topic(facts.topic, memory, settings, now)
    return replace(facts, databases=tuple(databases), topic=topic)


def knowing(state: MonitorState, facts: Facts) -> MonitorState:
    """The state, with what is known about the databases and, if it could be read, the topic."""
    known = {each.name: each.known for each in facts.databases if each.known}
    update: dict[str, object] = {"schedules": known}
    if not isinstance(facts.topic, Unknown):
        topic = facts.topic
        update |= {
            "subscribers": dict(topic.subscribers),
            "no_subscriber_since": topic.no_subscriber_since,
        }
    return state.model_copy(update=update)


def _topic(
    topic: TopicFacts | Unknown,
    memory: MonitorState | None,
    settings: WatchedSettings,
    now: datetime,
) -> TopicFacts | Unknown:
    if isinstance(topic, Unknown):
        return topic
    before = memory or MonitorState()
    named = addresses_by_fingerprint(settings.alerts.emails)
    return with_subscribers(topic, before.subscribers, before.no_subscriber_since, named, now)


def _known(
    database: WatchedDatabase,
    seen: DatabaseFacts,
    memory: MonitorState | None,
    oldest: datetime | None,
    now: datetime,
    *,
    lost: bool,
) -> KnownSchedule:
    before = memory.schedules.get(database.name) if memory else None
    schedule = schedule_of(database)
    backups = [*_backups(seen, now), *([before.first_backup] if before else [])]
    first_backup = min((each for each in backups if each), default=None)
    if before is None:
        since = _first_known(database, seen, memory, oldest, now, lost=lost)
        expected = since
    else:
        since = before.since if before.schedule == schedule else now
        expected = before.expected_since
    return KnownSchedule(
        schedule=schedule,
        since=since,
        database_since=expected,
        first_backup=first_backup,
        provider_since=_asked_since(database, before, now, lost=lost),
    )


def _asked_since(
    database: WatchedDatabase, before: KnownSchedule | None, now: datetime, *, lost: bool
) -> datetime | None:
    """Since when its provider is asked; if the state is lost, long enough for any finding."""
    if database.neon is None:
        return None
    if before and before.provider_since:
        return before.provider_since
    return now - RECENT if lost else now


def _first_known(
    database: WatchedDatabase,
    seen: DatabaseFacts,
    memory: MonitorState | None,
    oldest: datetime | None,
    now: datetime,
    *,
    lost: bool,
) -> datetime:
    """Since when backups are expected of a database that is not in the state."""
    own = _oldest([seen])
    if lost or isinstance(seen.objects, Unknown):
        # The database may be old. So at least one run was due, and recent runs count.
        overdue = last_scheduled(database.cron, database.timezone, now - RUN_GRACE - _SECOND)
        return min(each for each in (overdue, own, now - RECENT) if each)
    # If the state does not have it, it is new. Without a state, it is as old as the bucket.
    trace = own if memory else oldest
    return min(trace, now) if trace else now


def _replaced(database: str, memory: MonitorState | None) -> dict[str, datetime]:
    """When the first version of each replaced manifest was written, by key."""
    return {
        each.subject: each.basis
        for each in (memory.notified if memory else ())
        if (each.code, each.database) == (Code.MANIFEST_REPLACED, database) and each.basis
    }


def _oldest(databases: Iterable[DatabaseFacts]) -> datetime | None:
    """When the oldest version or delete marker of these databases was written."""
    return min(
        (
            version.modified
            for each in databases
            if not isinstance(each.objects, Unknown)
            for version in each.objects
        ),
        default=None,
    )


def _backups(seen: DatabaseFacts, now: datetime) -> list[datetime]:
    """The scheduled times of all backups with any version or marker; none from the future."""
    if isinstance(seen.objects, Unknown):
        return []
    return [
        parsed[0].scheduled_at
        for version in seen.objects
        if (parsed := parse_key(version.key))
        and parsed[1] == MANIFEST
        and not is_ahead(parsed[0].scheduled_at, min(version.modified, now))
    ]
