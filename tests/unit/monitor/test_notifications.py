import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.alerts.policy.message import Message
from lifeboat.alerts.policy.silences import Silences, acknowledging, muting, unmuting
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.errors import StateError
from lifeboat.model.keys import STATE_KEY
from lifeboat.model.steps import plain_steps
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.first_known import knowing
from lifeboat.monitor.policy.notifications import Notifications, notifications_of
from lifeboat.monitor.policy.resolution import Resolution, resolution_of
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    INSTALLATION,
    NEWEST,
    NOW,
    SECOND,
    UNKNOWN,
    SeenBucket,
    backup,
    healthy,
)

PLACE = " (123456789012 us-east-1)"


def finding(
    code: Code = Code.BACKUP_TOO_OLD,
    level: Level = Level.CRITICAL,
    *,
    database: str | None = "app",
    subject: str = "",
    headline: str = "has no backup for 26 h",
    passing: bool = False,
) -> Finding:
    return Finding(
        code=code,
        level=level,
        database=database,
        subject=subject,
        headline=headline,
        fact="The newest backup is old.",
        safe="Older ones.",
        advice=plain_steps("Take one."),
        passing=passing,
    )


def tell(
    *findings: Finding,
    after: Notifications | None = None,
    later: timedelta = timedelta(0),
    resolution: Resolution = Resolution.RESOLVED,
    silences: Silences | None = None,
) -> Notifications:
    before = after.state if after else None
    return notifications_of(
        before,
        findings,
        NOW + later,
        installation=INSTALLATION,
        resolution=lambda _told: resolution,
        silences=silences,
    )


def look(bucket: SeenBucket, after: Notifications | None = None) -> Notifications:
    """Tell what there is to say about a bucket."""
    findings, facts = bucket.findings(), bucket.facts()

    def resolution(told: SentAlert) -> Resolution:
        return resolution_of(told, findings, facts, bucket.settings, bucket.now)

    before = after.state if after else None
    return notifications_of(
        before, findings, bucket.now, installation=facts.installation, resolution=resolution
    )


def kinds(told: Notifications) -> list[str]:
    return [message.attributes["kind"] for message in told.messages]


def only(told: Notifications) -> Message:
    (message,) = told.messages
    return message


def test_a_new_finding_is_reported_once() -> None:
    first = tell(finding())
    assert kinds(first) == ["new"]
    assert tell(finding(), after=first, later=HOUR).messages == ()


def test_figures_that_change_are_no_news() -> None:
    first = tell(finding(headline="has no backup for 26 h"))
    again = tell(finding(headline="has no backup for 27 h"), after=first, later=HOUR)
    assert again.messages == ()
    assert again.state.notified[0].headline == "has no backup for 27 h"


def test_what_is_over_is_reported_once() -> None:
    first = tell(finding())
    over = tell(after=first, later=HOUR)
    assert (
        only(over).subject
        == "[Lifeboat] RESOLVED: app: no more backup-too-old (123456789012 us-east-1)"
    )
    assert (
        "has no backup for 26 h; first notified 2026-11-25 12:00 UTC (60 min ago)"
        in only(over).body
    )
    assert only(over).attributes["kind"] == "resolved"
    assert over.state.notified == ()
    assert tell(after=over, later=2 * HOUR).messages == ()


@pytest.mark.parametrize(
    ("level", "later", "expected"),
    [
        (Level.CRITICAL, 24 * HOUR - SECOND, []),
        (Level.CRITICAL, 24 * HOUR, ["reminder"]),
        (Level.WARNING, 1000 * HOUR, []),
    ],
)
def test_what_is_still_critical_is_reported_again_each_day(
    level: Level, later: timedelta, expected: list[str]
) -> None:
    first = tell(finding(level=level))
    again = tell(finding(level=level), after=first, later=later)
    assert kinds(again) == expected
    if expected:
        assert (
            only(again).subject
            == "[Lifeboat] STILL ACT TODAY: app has no backup for 26 h (123456789012 us-east-1)"
        )
        assert tell(finding(), after=again, later=later + 24 * HOUR - SECOND).messages == ()
        assert kinds(tell(finding(), after=again, later=later + 24 * HOUR)) == ["reminder"]


def test_a_warning_that_becomes_critical_is_new_and_one_that_calms_down_is_not() -> None:
    first = tell(finding(level=Level.WARNING))
    worse = tell(finding(), after=first, later=HOUR)
    assert kinds(worse) == ["new"]
    assert worse.state.notified[0].first_notified == NOW
    assert worse.state.notified[0].last_notified == NOW + HOUR
    better = tell(finding(level=Level.WARNING), after=worse, later=2 * HOUR)
    assert better.messages == ()
    assert kinds(tell(finding(), after=better, later=3 * HOUR)) == ["new"]


def test_information_is_not_reported_and_what_sinks_to_it_is_over() -> None:
    assert tell(finding(level=Level.INFO)).messages == ()
    first = tell(finding())
    assert kinds(tell(finding(level=Level.INFO), after=first)) == ["resolved"]


def test_what_has_happened_goes_without_becoming_right() -> None:
    first = tell(finding(Code.TABLE_ROWS_DROPPED, passing=True))
    gone = tell(after=first, later=3 * DAY)
    assert gone.messages == ()
    assert gone.state.notified == ()


@pytest.mark.parametrize(
    ("resolution", "told", "remembered"),
    [
        (Resolution.RESOLVED, ["resolved"], 0),
        (Resolution.OPEN, [], 1),
        (Resolution.OBSOLETE, [], 0),
    ],
)
def test_only_what_was_seen_to_be_resolved_is_reported_as_resolved(
    resolution: Resolution, told: list[str], remembered: int
) -> None:
    over = tell(after=tell(finding()), later=HOUR, resolution=resolution)
    assert kinds(over) == told
    assert len(over.state.notified) == remembered


def test_what_stayed_open_is_not_reported_anew_when_it_is_found_again() -> None:
    hidden = tell(after=tell(finding()), later=HOUR, resolution=Resolution.OPEN)
    assert tell(finding(), after=hidden, later=2 * HOUR).messages == ()


def test_a_lost_memory_tells_everything_again() -> None:
    everything = (
        finding(),
        finding(Code.UNMANAGED_PREFIX, Level.WARNING, database=None, subject="old"),
    )
    tell(*everything)
    assert kinds(tell(*everything)) == ["new", "new"]


def test_findings_of_one_kind_about_one_database_are_one_message() -> None:
    many = [finding(Code.ARCHIVE_MISSING, subject=f"{number:02}") for number in range(12)]
    first = tell(*many, finding())
    assert len(first.messages) == 2
    message = first.messages[0]
    assert (
        message.subject
        == "[Lifeboat] ACT NOW: app has no backup for 26 h (and 11 more) (123456789012 us-east-1)"
    )
    assert message.body.count("What: ") == 10
    assert "The status lists 2 more." in message.body
    assert len(tell(after=first).messages) == 2
    more = finding(Code.ARCHIVE_MISSING, subject="99")
    assert only(tell(*many, finding(), more, after=first)).body.count("What: ") == 1


def test_the_memory_is_stored_and_read_as_it_was() -> None:
    told = tell(finding(), finding(database=None)).state
    state = knowing(told, healthy(scheduled_since=NOW).facts())
    document = state.to_json()
    assert len(document) < 1200
    assert MonitorState.from_json(document, key=STATE_KEY) == state
    assert MonitorState.from_json(document).notified[0].database == ""


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"schema_version": 2}', b"\xff"])
def test_a_damaged_memory_is_refused(document: bytes) -> None:
    with pytest.raises(StateError) as error:
        MonitorState.from_json(document)
    assert "notified once more" in error.value.safe or "newer" in error.value.what


def test_telling_keeps_what_is_known_of_databases() -> None:
    state = knowing(MonitorState(), healthy(scheduled_since=NOW).facts())
    again = tell(finding(), after=Notifications((), state))
    assert again.state.schedules == state.schedules != {}


def test_a_bucket_that_falls_ill_and_recovers_is_reported_three_times() -> None:
    bucket, told, subjects = healthy(), None, []
    for hours in range(1, 70):
        bucket.now = NEWEST + hours * HOUR + timedelta(minutes=15)
        if hours == 60:
            bucket.add(backup(bucket.now, tier=Tier.MANUAL))
        told = look(bucket, told)
        subjects += [(hours, message.subject) for message in told.messages]
    assert subjects == [
        (25, "[Lifeboat] ACT TODAY: app has no backup for 25 h (123456789012 us-east-1)"),
        (49, "[Lifeboat] STILL ACT TODAY: app has no backup for 49 h (123456789012 us-east-1)"),
        (60, "[Lifeboat] RESOLVED: app: no more backup-too-old (123456789012 us-east-1)"),
    ]


def test_a_bucket_that_cannot_be_seen_is_reported_and_then_resolved() -> None:
    bucket = healthy()
    objects, bucket.objects = bucket.objects, UNKNOWN
    told = look(bucket)
    assert (
        only(told).subject
        == "[Lifeboat] ACT TODAY: app could not be checked (123456789012 us-east-1)"
    )
    bucket.objects = objects
    told = look(bucket, told)
    assert (
        only(told).subject
        == "[Lifeboat] RESOLVED: app: no more check-incomplete (123456789012 us-east-1)"
    )


TWELVE = tuple(f"db{number:02}" for number in range(12))


def test_a_night_on_which_the_provider_is_down_is_one_message_for_each_kind() -> None:
    codes = (Code.BACKUP_TOO_OLD, Code.RUN_MISSED, Code.DRILL_FAILED)
    findings = [finding(code, database=name) for name in TWELVE for code in codes]
    first = tell(*findings)
    assert len(first.messages) == 3
    for message in first.messages:
        assert message.databases == TWELVE
        assert all(f"{name}: has no backup" in message.body for name in TWELVE)
    over = tell(after=first, later=HOUR)
    assert [message.databases for message in over.messages] == [TWELVE] * 3


def test_what_is_wrong_with_the_bucket_stands_apart_from_what_is_wrong_with_databases() -> None:
    told = tell(finding(Code.CHECK_INCOMPLETE), finding(Code.CHECK_INCOMPLETE, database=None))
    assert [message.databases for message in told.messages] == [("app",), ()]


FINDINGS = st.lists(
    st.builds(
        finding,
        st.sampled_from(
            [Code.BACKUP_TOO_OLD, Code.DRILL_FAILED, Code.TABLE_ROWS_DROPPED, Code.CHECK_INCOMPLETE]
        ),
        st.sampled_from([Level.CRITICAL, Level.WARNING]),
        database=st.none() | st.sampled_from(TWELVE),
        subject=st.sampled_from(["", "x", "y"]),
    ),
    max_size=30,
    unique_by=lambda each: each.identity,
)


@given(findings=FINDINGS)
def test_every_finding_is_reported_in_one_message_and_none_is_lost(findings: list[Finding]) -> None:
    told = tell(*findings)
    kinds = list(dict.fromkeys((each.code.value, bool(each.database)) for each in findings))
    assert [
        (message.attributes["code"], bool(message.databases)) for message in told.messages
    ] == kinds
    for message, (code, of_databases) in zip(told.messages, kinds, strict=True):
        own = [
            each for each in findings if each.code == code and bool(each.database) == of_databases
        ]
        assert message.databases == tuple(
            dict.fromkeys(each.database for each in own if each.database)
        )
        assert message.attributes["level"] == own[0].level
        for name in message.databases:
            assert re.search(rf"(?m)^(\w+: )?{name}:? has no backup", message.body)
    assert len(told.state.notified) == len(findings)
    assert tell(*findings, after=told, later=HOUR).messages == ()
    over = tell(after=told, later=HOUR)
    assert {message.databases for message in over.messages} == {
        tuple(sorted(message.databases)) for message in told.messages
    }


OLD = Code.BACKUP_TOO_OLD


def mute(hours: int, *, database: str = "app", begins: timedelta = timedelta(0)) -> Silences:
    return muting(Silences(), database, OLD, hours, NOW + begins)


def test_what_is_muted_is_not_reported_and_is_as_soon_as_the_mute_is_over() -> None:
    silences = mute(24)
    first = tell(finding(), finding(database="shop"), silences=silences)
    assert [each.databases for each in first.messages] == [("shop",)]
    almost = 24 * HOUR - SECOND
    later = tell(finding(), finding(database="shop"), after=first, later=almost, silences=silences)
    assert later.messages == ()
    later = tell(finding(), after=tell(finding(), silences=silences), silences=silences)
    over = tell(finding(), after=later, later=24 * HOUR, silences=silences)
    assert kinds(over) == ["new"]
    assert tell(finding(), after=over, later=25 * HOUR, silences=silences).messages == ()


def test_a_mute_hides_reminders_and_ends_with_one_message_not_two() -> None:
    first = tell(finding())
    silences = mute(48, begins=HOUR)
    quiet = tell(finding(), after=first, later=25 * HOUR, silences=silences)
    assert quiet.messages == ()
    assert kinds(tell(finding(), after=quiet, later=49 * HOUR, silences=silences)) == ["new"]


def test_unmuting_reports_at_once_what_still_lasts() -> None:
    first = tell(finding(), silences=mute(24))
    silences = unmuting(mute(24), "app", OLD, NOW + HOUR)
    assert silences.muted(NOW + HOUR) == ()
    assert kinds(tell(finding(), after=first, later=2 * HOUR, silences=silences)) == ["new"]


def test_what_is_resolved_is_reported_only_if_people_had_heard_of_it() -> None:
    unheard = tell(finding(), silences=mute(24))
    assert tell(after=unheard, later=HOUR, silences=mute(24)).messages == ()
    assert tell(after=unheard, later=30 * HOUR, silences=mute(24)).messages == ()
    heard = tell(finding())
    assert kinds(tell(after=heard, later=2 * HOUR, silences=mute(24, begins=HOUR))) == ["resolved"]


def test_a_mute_is_for_one_database_and_one_code() -> None:
    assert kinds(tell(finding(), silences=mute(24, database="shop"))) == ["new"]
    assert kinds(tell(finding(Code.DRILL_FAILED), silences=mute(24))) == ["new"]
    assert kinds(tell(finding(database=None), silences=mute(24))) == ["new"]
    assert tell(finding(database=None), silences=mute(24, database="")).messages == ()


def test_that_nobody_listens_is_reported_whatever_is_muted() -> None:
    silences = muting(Silences(), "", Code.NO_SUBSCRIBER, 24, NOW)
    assert kinds(tell(finding(Code.NO_SUBSCRIBER, database=None), silences=silences)) == ["new"]


def test_what_is_acknowledged_is_not_reported_again_while_it_lasts() -> None:
    first = tell(finding())
    silences = acknowledging(Silences(), "app", OLD, NOW + HOUR)
    quiet = tell(finding(), after=first, later=240 * HOUR, silences=silences)
    assert quiet.messages == ()
    over = tell(after=quiet, later=241 * HOUR, silences=silences)
    assert kinds(over) == ["resolved"]
    anew = tell(finding(), after=over, later=242 * HOUR, silences=silences)
    assert kinds(anew) == ["new"]
    again = tell(finding(), after=anew, later=266 * HOUR, silences=silences)
    assert kinds(again) == ["reminder"], "another finding than the acknowledged one"


def test_what_was_acknowledged_and_gets_worse_is_reported() -> None:
    first = tell(finding(level=Level.WARNING))
    silences = acknowledging(Silences(), "app", OLD, NOW + HOUR)
    worse = tell(finding(), after=first, later=2 * HOUR, silences=silences)
    assert kinds(worse) == ["new"]
    assert kinds(tell(finding(), after=worse, later=26 * HOUR, silences=silences)) == ["reminder"]
