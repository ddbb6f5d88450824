import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.errors import ReportError
from lifeboat.model.drill_report import DrillReport
from tests.support.drill_samples import REPORT, REPORTS
from tests.support.samples import JSON

KEY = "drills/app/2026-11-23T050003Z.json"


def stored(**changes: object) -> bytes:
    return json.dumps(json.loads(REPORT.to_json()) | changes).encode()


@settings(max_examples=30)
@given(REPORTS)
def test_what_is_written_is_what_is_read(report: DrillReport) -> None:
    document = report.to_json()
    again = DrillReport.from_json(document, key=report.key)
    assert again == report
    assert again.to_json() == document


def test_a_report_and_its_page_lie_side_by_side() -> None:
    assert REPORT.key == KEY
    assert REPORT.html_key == "drills/app/2026-11-23T050003Z.html"


def test_the_margin_is_what_is_left_of_the_target() -> None:
    assert REPORT.rto_margin_seconds == pytest.approx(3558.5)
    assert REPORT.model_copy(update={"rto_seconds": 40}).rto_margin_seconds == pytest.approx(-1.5)


def test_a_report_of_a_newer_lifeboat_asks_for_an_update() -> None:
    with pytest.raises(ReportError, match="written by a newer Lifeboat") as refusal:
        DrillReport.from_json(b'{"schema_version": 2, "everything": "else"}', key=KEY)
    assert refusal.value.what.startswith(f"The drill report {KEY} ")
    assert "Update Lifeboat" in refusal.value.todo


def test_a_damaged_report_says_nothing_about_the_backup() -> None:
    with pytest.raises(ReportError, match="verdict: ") as refusal:
        DrillReport.from_json(stored(verdict="perhaps"))
    assert refusal.value.safe == "The backup that it is about is not affected."
    assert refusal.value.todo.endswith("or run the drill again.")


def test_a_report_that_lies_in_another_ones_place_is_refused() -> None:
    with pytest.raises(ReportError, match=f"claims to be {KEY}"):
        DrillReport.from_json(REPORT.to_json(), key="drills/other/2026-11-23T050003Z.json")


def test_a_field_added_later_does_not_stop_an_older_reader() -> None:
    assert DrillReport.from_json(stored(colour="blue")) == REPORT


@given(st.binary() | JSON.map(lambda content: json.dumps(content).encode()))
def test_no_document_gives_another_exception(document: bytes) -> None:
    with pytest.raises(ReportError):
        DrillReport.from_json(document)
