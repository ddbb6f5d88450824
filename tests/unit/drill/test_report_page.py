import re

import pytest
from hypothesis import given, settings

from lifeboat.drill.policy.report_page import render_page
from lifeboat.model.drill_report import (
    Check,
    DrillReport,
    Limit,
    Outcome,
    TableResult,
    Verdict,
)
from lifeboat.model.drill_target import DrillBranch
from lifeboat.model.engine import Engine
from lifeboat.recovery.policy.report_sections import MEANINGS
from tests.support.doc_pages import RUNBOOKS
from tests.support.drill_samples import REPORT, REPORTS
from tests.support.html_page import EVIL, Page, require_self_contained, require_style


def rendered(**changes: object) -> Page:
    return Page(render_page(REPORT.model_copy(update=changes)))


def test_a_proven_backup_is_reported_in_one_word_and_then_in_figures() -> None:
    text = rendered().text
    for words in (
        "Restore drill of app, 2026-11-23 05:00 UTC Proven The backup"
        " weekly/app/2026-11-22T020000Z came back whole",
        "42 s in all; the target is 1 h: 59 min 18 s to spare.",
        "restore 21 s",
        "The database had 1.3 GB. At the pace of this drill: At 3.4 GB it no longer fits onto the"
        " function's disk.",
        "passed checksum every byte of the archive, by the SHA-256 in the manifest passed decode",
        "passed public.users 1,250,331 1,250,331 same",
        "Data as of 2026-11-22 02:00 UTC",
        "Server 17.6",
        "Run 8e5f-2",
        "Function 3,008 MB of memory, 4,096 MB of disk",
    ):
        assert words in text, words


def test_every_check_says_what_it_looks_at() -> None:
    table = (RUNBOOKS / "drills.md").read_text().partition("| Check | ")[2].partition("\n\n")[0]
    names = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert tuple(names) == (*MEANINGS, "validation")
    checks = tuple(Check(name=name, outcome=Outcome.PASSED, details=(EVIL,)) for name in names)
    text = rendered(checks=checks).text
    for name, meaning in MEANINGS.items():
        assert f"passed {name} {meaning} " in text


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_reasons_and_advice_come_before_all_else(verdict: Verdict) -> None:
    page = rendered(verdict=verdict, reasons=("one", "two"), advice="do three")
    assert ("class", verdict.value) in page.attributes
    heading = verdict.value.capitalize()
    assert re.search(f"{heading} The backup .* one two do three How long it took", page.text)


def test_limits_come_in_the_order_in_which_they_will_be_met() -> None:
    limits = tuple(
        Limit(what=what, database_bytes=size)
        for what, size in (("rto", 112 * 10**9), ("time", 27 * 10**9), ("disk", 3 * 10**9))
    )
    assert (
        "At 3.0 GB it no longer fits onto the function's disk."
        " At 27 GB it no longer fits into the function's time."
        " At 112 GB it misses the target of 1 h."
    ) in rendered(limits=limits).text


def test_a_missed_target_is_said_and_marked_inside_of_the_bar() -> None:
    page = rendered(total_seconds=7200.0, seconds={"restore": 7190.0})
    assert "2 h in all; the target is 1 h: missed by 1 h." in page.text
    assert ("style", "left:50.0000%") in page.attributes
    assert ("style", "width:99.8611%") in page.attributes


def test_steps_have_their_share_of_the_target() -> None:
    page = rendered(seconds={"fetch": 36.0, "restore": 72.0}, total_seconds=108.0)
    widths = [value for name, value in page.attributes if name == "style"]
    assert widths == [
        *("width:1.0000%", "width:2.0000%", "left:100.0000%"),
        *("width:50.00%", "width:100.00%"),
    ]


def test_what_has_something_to_say_comes_first_among_tables() -> None:
    tables = tuple(
        TableResult(schema="s", name=name, expected=7, restored=restored, outcome=outcome)
        for name, restored, outcome in (
            ("fine", 7, Outcome.PASSED),
            ("excluded", 0, Outcome.UNTESTED),
            ("impossible", None, Outcome.UNTESTED),
            ("lost", 6, Outcome.FAILED),
        )
    )
    assert (
        "failed s.lost 7 6 not read untested s.impossible 7 none not read"
        " passed s.fine 7 7 not read left out s.excluded 7 0 not read"
    ) in rendered(tables=tables).text


def test_a_drill_without_a_backup_has_a_page_too() -> None:
    text = rendered(
        verdict=Verdict.FAILED,
        backup=None,
        snapshot_time=None,
        server_version=None,
        seconds={},
        tables=(),
        checks=(),
        limits=(),
        archive_bytes=None,
        database_bytes=None,
        disk_bytes=None,
    ).text
    for words in (
        "Failed There was no backup to test.",
        "Not everything was measured",
        "No tables were compared.",
        "Backup none",
    ):
        assert words in text, words


def test_nothing_in_a_report_can_become_part_of_the_page_itself() -> None:
    check = Check(name=EVIL, outcome=Outcome.FAILED, details=(EVIL,))
    table = TableResult(
        schema=EVIL, name=EVIL, expected=1, restored=1, content=False, outcome=Outcome.FAILED
    )
    page = rendered(
        run_id=EVIL,
        lifeboat_version=EVIL,
        backup=EVIL,
        target=EVIL,
        server_version=EVIL,
        reasons=(EVIL,),
        advice=EVIL,
        checks=(check,),
        tables=(table,),
        seconds={EVIL: 1.0},
    )
    plain = rendered(
        reasons=("x",), advice="x", checks=(check,), tables=(table,), seconds={"x": 1.0}
    )
    assert page.tags == plain.tags
    assert page.text.count(EVIL.replace('"', '""')) == 2  # the table's name, quoted
    assert page.text.count(EVIL) == 11


@settings(max_examples=50)
@given(REPORTS)
def test_every_report_has_a_whole_page_that_fetches_and_runs_nothing(report: DrillReport) -> None:
    page = Page(render_page(report))
    require_self_contained(page)
    assert report.verdict.value.capitalize() in page.text


def test_the_style_names_nothing_to_fetch_and_knows_dark_and_paper() -> None:
    require_style(rendered())


def test_a_job_says_its_machine_and_that_waiting_for_it_is_not_counted() -> None:
    limits = (Limit(what="disk", database_bytes=80 * 10**9),)
    page = rendered(engine=Engine.JOB, waited_seconds=72.0, limits=limits, ephemeral_mb=106_812)
    for words in (
        "to spare. Before, it waited 1 min 12 s for the job's machine, which is not counted.",
        "At 80 GB it no longer fits onto the job's disk.",
        "Machine of the job 3,008 MB of memory, 106,812 MB of disk",
    ):
        assert words in page.text
    assert "function" not in page.text.lower()


def test_a_drill_that_will_become_a_job_says_when_and_how_far_that_goes() -> None:
    here = (
        Limit(what="rto", database_bytes=20 * 10**9),
        Limit(what="disk", database_bytes=3 * 10**9),
    )
    there = (Limit(what="disk", database_bytes=80 * 10**9),)
    assert (
        "At 3.0 GB it no longer fits onto the function's disk and runs as a job."
        " At 20 GB it misses the target of 1 h."
        " At 80 GB it no longer fits onto the job's disk."
    ) in rendered(limits=here, job_limits=there).text


def test_the_branch_or_why_there_was_none_is_among_the_facts() -> None:
    branch = DrillBranch(project_id="p-1", id="br-1", name="lifeboat-drill/app/function/r")
    report = REPORT.model_copy(update={"target": "neon-branch", "branch": branch})
    text = Page(render_page(report)).text
    assert "neon-branch Branch lifeboat-drill/app/function/r (br-1), which was made for it" in text
    report = REPORT.model_copy(update={"branch_missing": "Neon answers <HTTP> 500."})
    text = Page(render_page(report)).text
    assert "embedded Into no branch Neon answers <HTTP> 500." in text
