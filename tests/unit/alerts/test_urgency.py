import re

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.alerts.policy.urgency import WAITS, Urgency, wait_of
from tests.support.doc_pages import RUNBOOKS


def test_every_code_says_how_soon_to_act_and_why() -> None:
    assert set(WAITS) == set(Code)
    for wait in WAITS.values():
        assert re.fullmatch(r"[A-Z].*\.", wait.reason)
        assert len(wait.answer) < 120


def test_what_is_only_a_warning_wakes_nobody() -> None:
    lost = wait_of(Code.TABLE_ROWS_DROPPED, Level.CRITICAL)
    assert (lost.urgency, lost.answer[:3]) == (Urgency.NOW, "No.")
    perhaps = wait_of(Code.TABLE_ROWS_DROPPED, Level.WARNING)
    assert (perhaps.urgency, perhaps.answer[:4]) == (Urgency.TODAY, "Yes,")
    week = wait_of(Code.LIFECYCLE_DRIFT, Level.WARNING)
    assert (week.urgency, week.urgency.order) == (Urgency.THIS_WEEK, "ACT THIS WEEK")


def test_the_runbook_has_the_same_table() -> None:
    page = (RUNBOOKS / "alarms.md").read_text()
    rows = (
        re.search(rf"^\| {when} \| (.+) \|$", page, re.MULTILINE)
        for when in ("Tonight", "In the morning", "This week")
    )
    listed = [set(re.findall(r"`([a-z-]+)`", row[1] if row else "")) for row in rows]
    assert listed == [
        {code.value for code, wait in WAITS.items() if wait.urgency is urgency}
        for urgency in Urgency
    ]
