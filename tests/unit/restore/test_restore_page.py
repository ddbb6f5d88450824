import pytest

from lifeboat.model.drill_report import Check, Outcome, TableResult, Verdict
from lifeboat.restore.policy.report_page import render_page
from tests.support.html_page import EVIL, Page, require_self_contained, require_style
from tests.unit.restore.test_swap_plan import REPORT


def rendered(**changes: object) -> Page:
    return Page(render_page(REPORT.model_copy(update=changes)))


def test_a_restore_is_reported_by_its_verdict_then_from_where_to_where() -> None:
    page = rendered()
    for words in (
        "Restore of app, 2026-11-24 09:30 UTC Proven The backup weekly/app/2026-11-22T020000Z was"
        f" restored into the new database {REPORT.restored_database} on {REPORT.server} ."
        " It is as the manifest says.",
        "12 s in all.",
        "Data as of 2026-11-22 02:00 UTC",
        "Live database neondb",
    ):
        assert words in page.text, words
    assert ("class", "proven") in page.attributes
    assert "Notes" not in page.text


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.FAILED, "Failed .* It is not what the manifest says"),
        (Verdict.PARTIAL, "Partial .* Not all of it could be compared"),
    ],
)
def test_what_is_not_proven_says_why_before_all_else(verdict: Verdict, words: str) -> None:
    page = rendered(verdict=verdict, reasons=("public.users: 7 rows instead of 8",))
    first, _, rest = words.partition(" .* ")
    reasons = page.text.index("public.users: 7 rows instead of 8")
    assert page.text.index(first) < page.text.index(rest) < reasons
    assert reasons < page.text.index("How long it took")
    assert ("class", verdict.value) in page.attributes


def test_notes_and_tables_are_there_and_a_restore_of_tables_is_called_so() -> None:
    lost = TableResult(schema="s", name="lost", expected=7, restored=6, outcome=Outcome.FAILED)
    page = rendered(action="restore-tables", notes=("Left out: s.view",), tables=(lost,))
    assert "Restore of tables of app" in page.text
    assert "Notes Left out: s.view" in page.text
    assert "failed s.lost 7 6 not read" in page.text


def test_nothing_in_a_report_can_become_part_of_the_page_itself() -> None:
    evil = {
        "run_id": EVIL,
        "lifeboat_version": EVIL,
        "backup": EVIL,
        "server": EVIL,
        "server_version": EVIL,
        "restored_database": EVIL,
        "live_database": EVIL,
        "reasons": (EVIL,),
        "notes": (EVIL,),
        "checks": (Check(name=EVIL, outcome=Outcome.FAILED, details=(EVIL,)),),
        "seconds": {EVIL: 1.0},
    }
    plain = {"reasons": ("x",), "notes": ("x",), "checks": evil["checks"], "seconds": {"x": 1.0}}
    page = rendered(**evil)
    assert page.tags == rendered(**plain).tags
    assert page.text.count(EVIL) == 15
    require_self_contained(page)
    require_style(page)
