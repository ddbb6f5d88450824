import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.model.drill_report import Verdict
from lifeboat.monitor.policy.evidence import EvidenceRecord, MonthEvidence, month_of
from lifeboat.monitor.policy.evidence_answer import answer_evidence, months_between
from lifeboat.monitor.policy.evidence_page import evidence_page
from lifeboat.monitor.policy.evidence_update import settled, updated
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    INSTALLATION,
    NEWEST,
    NOW,
    SeenBucket,
    backup,
    drill,
    healthy,
)

EVIL = "<script>alert(1)</script>"


def look(
    bucket: SeenBucket, before: EvidenceRecord | None = None, *alerts: SentAlert
) -> EvidenceRecord:
    record = updated(before, bucket.facts(), bucket.settings, alerts, bucket.now)
    return EvidenceRecord.from_json(record.to_json(), key=record.key)


def at(bucket: SeenBucket, now: datetime) -> SeenBucket:
    bucket.now = now
    return bucket


def alert(subject: str = "", *, headline: str = "has no backup", when: datetime = NOW) -> SentAlert:
    return SentAlert(
        database="app",
        code=Code.NO_BACKUP.value,
        subject=subject,
        level=Level.CRITICAL,
        headline=headline,
        first_notified=when,
        last_notified=when,
    )


def test_it_counts_the_runs_that_were_due_since_it_looks_and_not_those_before() -> None:
    first = look(healthy())
    assert first.since == NOW
    (month,) = first.months
    assert month.databases[0].due == ()
    assert {each.scheduled_at for each in month.databases[0].backups} >= {NEWEST, NEWEST - DAY}
    bucket = at(healthy().add(backup(NEWEST + DAY)), NEWEST + 3 * DAY + 2 * HOUR)
    later = look(bucket, first)
    assert later.since == NOW
    (app,) = later.months[0].databases
    assert app.due == (NEWEST + DAY, NEWEST + 2 * DAY, NEWEST + 3 * DAY)
    assert app.missed == (NEWEST + 2 * DAY, NEWEST + 3 * DAY)


def test_a_run_is_not_missed_while_it_may_be_under_way() -> None:
    first = look(healthy())
    early = look(at(healthy(), NEWEST + DAY + HOUR - timedelta(seconds=1)), first)
    assert early.months[0].databases[0].due == ()
    late = look(at(healthy(), NEWEST + DAY + HOUR), early)
    assert late.months[0].databases[0].missed == (NEWEST + DAY,)


def test_a_late_look_and_two_looks_record_the_same() -> None:
    first = look(healthy())
    twice = look(at(healthy(), NEWEST + 2 * DAY), look(at(healthy(), NEWEST + DAY), first))
    once = look(at(healthy(), NEWEST + 2 * DAY), first)
    assert twice.months[0].databases == once.months[0].databases


def test_what_expires_or_is_deleted_stays_recorded() -> None:
    first = look(healthy())
    kept = {each.backup for each in first.months[0].databases[0].backups}
    bucket = at(healthy(days=0), NOW + DAY)
    later = look(bucket, first)
    assert {each.backup for each in later.months[0].databases[0].backups} == kept
    assert later.months[0].databases[0].drills == first.months[0].databases[0].drills != ()


def test_findings_are_opened_and_ended_once() -> None:
    first = look(healthy(), None, alert(when=NOW - HOUR))
    again = look(at(healthy(), NOW + HOUR), first, alert(headline="has no backup at all"))
    (found,) = again.months[0].findings
    assert (found.opened, found.ended, found.headline) == (
        NOW - HOUR,
        None,
        "has no backup at all",
    )
    over = look(at(healthy(), NOW + 2 * HOUR), again)
    assert over.months[0].findings[0].ended == NOW + 2 * HOUR
    anew = look(at(healthy(), NOW + 3 * HOUR), over, alert(when=NOW + 3 * HOUR))
    assert [each.ended for each in anew.months[0].findings] == [NOW + 2 * HOUR, None]


def test_a_month_is_published_when_its_last_runs_have_ended_and_the_next_goes_on() -> None:
    end = datetime(2026, 12, 1, tzinfo=UTC)
    november = look(at(healthy(), end - HOUR), look(healthy(), None, alert()), alert())
    both = look(at(healthy(), end + HOUR), november, alert())
    assert [each.month for each in both.months] == ["2026-11", "2026-12"]
    assert settled(both, end + HOUR) == ()
    (over,) = settled(both, end + 3 * HOUR)
    assert (over.month, over.recorded_until) == ("2026-11", end)
    assert over.databases[0].due[-1] == datetime(2026, 11, 30, 2, tzinfo=UTC)
    december = both.months[1]
    assert december.recorded_from == end
    assert [each.opened for each in december.findings] == [NOW]
    later = look(at(healthy(), end + 4 * HOUR), both, alert())
    assert later.months[1].databases[0].due == (end + 2 * HOUR,)


def test_a_month_ends_at_the_start_of_the_next_one_also_in_december() -> None:
    december = MonthEvidence(month="2026-12", recorded_from=NOW, recorded_until=NOW)
    assert december.start == datetime(2026, 12, 1, tzinfo=UTC)
    assert december.end == datetime(2027, 1, 1, tzinfo=UTC)
    assert month_of(december.end - timedelta(seconds=1)) == "2026-12"
    assert (december.key, december.page_key) == ("evidence/2026-12.json", "evidence/2026-12.html")


def test_the_answer_says_what_is_known_and_what_is_not() -> None:
    record = look(healthy())
    october = MonthEvidence(month="2026-10", recorded_from=NOW - 30 * DAY, recorded_until=NOW)
    answer = answer_evidence(date(2026, 8, 20), NOW, record, {"2026-10": october}, "bucket-1")
    assert answer.unknown_months == ("2026-08", "2026-09")
    assert [each.month for each in answer.months] == ["2026-10", "2026-11"]
    assert answer.recorded_since == NOW - 30 * DAY
    assert answer.pages == ("s3://bucket-1/evidence/2026-10.html",)
    assert "no attestation" in answer.statement
    nothing = answer_evidence(date(2026, 11, 1), NOW, None, {}, "bucket-1")
    assert (nothing.recorded_since, nothing.unknown_months) == (None, ("2026-11",))
    assert json.dumps(answer.as_json())


def test_a_period_has_each_month_once_and_not_more_than_are_kept() -> None:
    assert months_between(date(2026, 11, 30), date(2027, 1, 1)) == ("2026-11", "2026-12", "2027-01")
    assert len(months_between(date(1970, 1, 1), date(2027, 1, 1))) == 27
    assert months_between(date(2027, 2, 1), date(2027, 1, 1)) == ()


def test_the_page_has_everything_and_escapes_it() -> None:
    bucket = healthy()
    bucket.drills.append(drill(NOW - 2 * HOUR, verdict=Verdict.FAILED))
    (month,) = look(bucket, None, alert(EVIL, headline=EVIL)).months
    page = evidence_page(month, INSTALLATION)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    for part in ("SOC 2, A1.2", "A.8.13", "164.308(a)(7)", "no attestation", "1 of them failed"):
        assert part in page
    assert month.databases[0].backups[0].backup in page
    assert re.search(r"Recorded from 2026-11-25 12:00 UTC", page)


def test_digests_of_what_was_read_are_recorded() -> None:
    bucket = healthy()
    facts = bucket.facts()
    key = f"{facts.databases[0].manifests[0].location.manifest_key}"  # type: ignore[union-attr]
    record = updated(None, replace(facts, digests={key: "ab" * 32}), bucket.settings, (), NOW)
    found = {each.backup: each.sha256 for each in record.months[0].databases[0].backups}
    assert found[key.removesuffix("/manifest.json")] == "ab" * 32
    assert sum(each is not None for each in found.values()) == 1


def test_a_month_after_a_long_gap_begins_when_somebody_looks_again() -> None:
    gap = look(
        at(healthy(), datetime(2026, 12, 20, 12, tzinfo=UTC)), look(healthy(), None, alert())
    )
    december = gap.months[1]
    assert december.recorded_from == datetime(2026, 12, 20, 12, tzinfo=UTC)
    assert december.databases[0].due == ()


def test_what_may_have_expired_is_not_called_missed() -> None:
    first = look(healthy())
    later = look(at(healthy(), NEWEST + 5 * DAY + 2 * HOUR), first)
    assert later.months[0].databases[0].due == tuple(NEWEST + day * DAY for day in (3, 4, 5))
