"""Since when backups of a database are expected: by what is remembered, or else by the bucket.

A monitor that looks for the first time, or has lost its memory, must neither excuse what is overdue
nor, an hour later, take its own forgetting for a recovery. So what it does not remember it derives
from what the bucket shows, and what it can't derive it takes for overdue. What comes out is what it
judges by and what it remembers: two looks at the same bucket come to the same
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
from lifeboat.monitor.policy.database_view import GRACE, RECENT
from lifeboat.monitor.policy.facts import DatabaseFacts, Facts, Unknown
from lifeboat.monitor.policy.slots import last_slot
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
    """The same facts, with what is known of each database, and of the topic, besides.

    Args:
        facts: what was seen.
        memory: what the monitor remembers; None when it remembers nothing.
        settings: which databases there should be, and who is told.
        now: when it was seen.
        lost: there was a memory, and it can't be read; otherwise, without one, the monitor looks
            for the first time.
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
    """The memory with what is known of the databases and, where it was seen, of the topic."""
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
        schedule=schedule, since=since, database_since=expected, first_backup=first_backup
    )


def _first_known(
    database: WatchedDatabase,
    seen: DatabaseFacts,
    memory: MonitorState | None,
    oldest: datetime | None,
    now: datetime,
    *,
    lost: bool,
) -> datetime:
    """Since when backups are expected of a database that the memory does not know."""
    own = _oldest([seen])
    if lost or isinstance(seen.objects, Unknown):
        # It may have been there for long. So at least one run was due, and recent ones count.
        overdue = last_slot(database.cron, database.timezone, now - GRACE - _SECOND)
        return min(each for each in (overdue, own, now - RECENT) if each)
    # A memory without it shows that it is new; without a memory the whole bucket is as old as it.
    trace = own if memory else oldest
    return min(trace, now) if trace else now


def _replaced(database: str, memory: MonitorState | None) -> dict[str, datetime]:
    """When the first version of each manifest was written that is known to be replaced."""
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
    """The slots of all backups that are there, or have left a trace; none from the future."""
    if isinstance(seen.objects, Unknown):
        return []
    return [
        parsed[0].scheduled_at
        for version in seen.objects
        if (parsed := parse_key(version.key))
        and parsed[1] == MANIFEST
        and not is_ahead(parsed[0].scheduled_at, min(version.modified, now))
    ]
