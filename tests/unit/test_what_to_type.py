"""The page docs/what-to-type.md says truly how much a person has to type."""

from tests.steps import PAGE, jobs
from tests.support.doc_pages import Page


def test_the_table_has_what_the_page_makes_people_type() -> None:
    page = Page.read(PAGE)
    rows = [line for line in page.text.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if not row.startswith("| job")] == [
        each.row() for each in jobs(page)
    ]


def test_every_job_of_the_page_is_counted() -> None:
    page = Page.read(PAGE)
    assert [each.job for each in jobs(page)] == page.headings[1:]
