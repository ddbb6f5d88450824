"""Every job of docs/what-to-type.md does what it says, typed into a terminal."""

import os
from pathlib import Path

import pytest

from tests.deployed.conftest import REPOSITORY, Installation
from tests.steps import PAGE, is_measured, measure, typed
from tests.support.doc_pages import Page
from tests.support.restore_harness import sweep


def test_what_the_page_makes_people_type_works(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "backup" in installation.invoke({"database": "app"}).payload
    for name, value in installation.aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIFEBOAT_STACK", "Lifeboat")
    program = Path(REPOSITORY) / ".venv" / "bin"
    monkeypatch.setenv("PATH", f"{program}{os.pathsep}{os.environ['PATH']}")
    page = Page.read(PAGE)
    try:
        done = dict(measure(page))
    finally:
        sweep(installation.database)
    assert list(done) == [job for job, blocks in typed(page) if is_measured(blocks)]
    assert len(done) == 7
