"""The law of the fault campaign can be broken: each of its clauses, once."""

import hashlib
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from lifeboat.errors import EventError, LifeboatError
from tests.support import invariants
from tests.support.fault_report import page, plain, sentence
from tests.support.samples import MANIFEST


class Shelf:
    """As much of a bucket as the clauses look at."""

    def __init__(self, bodies: dict[str, bytes], uploads: tuple[str, ...] = ()) -> None:
        self.name, self.client, self._bodies, self._uploads = "b", self, bodies, uploads

    def read(self, key: str) -> bytes:
        return self._bodies[key]

    def open_uploads(self) -> list[str]:
        return list(self._uploads)

    def get_object(self, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803
        return {"Body": SimpleNamespace(read=lambda: self._bodies[Key])}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "PATIENCE_SECONDS", 0.05)


def test_a_message_without_a_next_step_breaks_the_law() -> None:
    invariants.require_help(LifeboatError("x", todo="y"))
    for error in (LifeboatError("x", todo=" "), LifeboatError("", todo="y")):
        with pytest.raises(AssertionError):
            invariants.require_help(error)


def test_a_secret_in_a_note_or_behind_an_error_breaks_the_law() -> None:
    behind, noted = LifeboatError("x", todo="y"), LifeboatError("x", todo="y")
    behind.__context__ = ValueError("it was hunter2")
    noted.add_note("it was hunter2")
    for error in (behind, noted, LifeboatError("hunter2", todo="y")):
        with pytest.raises(AssertionError, match="SECRET"):
            invariants.Case({"hunter2"}).told(error)
    invariants.Case({"hunter2"}).told(LifeboatError("x", todo="y"))
    with pytest.raises(AssertionError, match="SECRET"):
        invariants.Case({"hunter2"}).answered("hunter2")


def test_what_is_not_an_error_of_ours_is_noted() -> None:
    case = invariants.Case()
    case.told(ValueError("never seen"))
    assert len(case.unexpected) == 1


def test_how_a_case_ended_is_reported_by_its_first_error() -> None:
    case = invariants.Case()
    assert case.ended == "as the case says"
    case.told(EventError("no", todo="y"))
    case.told(LifeboatError("later", todo="y"))
    assert (case.said, case.ended) == ("no", "refused")


def test_a_manifest_without_its_archive_breaks_the_law() -> None:
    true = {"archive": b"PGDMP"}
    stored = MANIFEST.archive.objects[0].model_copy(
        update={
            "key": "archive",
            "version_id": None,
            "bytes": 5,
            "sha256": hashlib.sha256(b"PGDMP").hexdigest(),
        }
    )
    archive = MANIFEST.archive.model_copy(update={"objects": (stored,)})
    document = MANIFEST.model_copy(update={"archive": archive, "globals": None}).to_json()
    invariants.require_true(Shelf({"m": document, **true}), "m")  # type: ignore[arg-type]
    for body in (b"PGDM", b"PGDMX"):
        with pytest.raises(AssertionError, match="archive"):
            invariants.require_true(Shelf({"m": document, "archive": body}), "m")  # type: ignore[arg-type]


def test_a_version_that_is_lost_changed_or_hidden_breaks_the_law() -> None:
    invariants.require_versions({("k", "1"): "e"}, {("k", "1"): "e", ("k", "2"): "f"})
    for after in ({}, {("k", "1"): "f"}):
        with pytest.raises(AssertionError, match="lost or changed"):
            invariants.require_versions({("k", "1"): "e"}, after)
    invariants.require_newest({"k": "1"}, {"k": "1", "j": "2"})
    for newest in ({}, {"k": "2"}):
        with pytest.raises(AssertionError, match="hidden"):
            invariants.require_newest({"k": "1"}, newest)


def test_an_open_upload_breaks_the_law() -> None:
    invariants.require_no_uploads(Shelf({}))  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="open uploads"):
        invariants.require_no_uploads(Shelf({}, ("k",)))  # type: ignore[arg-type]


def test_a_program_that_still_runs_breaks_the_law(tmp_path: Path) -> None:
    invariants.require_no_programs(tmp_path)
    words = [sys.executable, "-c", "import time; time.sleep(30)", str(tmp_path)]
    with subprocess.Popen(words) as left:
        try:
            with pytest.raises(AssertionError, match="programs left"):
                invariants.require_no_programs(tmp_path)
        finally:
            left.kill()


def test_a_thread_that_still_works_breaks_the_law() -> None:
    before, end = invariants.threads(), threading.Event()
    invariants.require_no_threads(before)
    left = threading.Thread(target=end.wait, name="part_0")
    left.start()
    try:
        with pytest.raises(AssertionError, match="threads left"):
            invariants.require_no_threads(before)
    finally:
        end.set()
        left.join()


def test_a_directory_or_a_file_that_is_left_breaks_the_law(tmp_path: Path) -> None:
    invariants.require_empty(tmp_path)
    invariants.require_gone([str(tmp_path / "gone")])
    (tmp_path / "left").mkdir()
    with pytest.raises(AssertionError, match="left"):
        invariants.require_empty(tmp_path)
    with pytest.raises(AssertionError, match="left"):
        invariants.require_gone([str(tmp_path / "left")])


def test_a_database_that_is_lost_or_left_without_a_word_breaks_the_law() -> None:
    copy = "app_restored_20261124t093000z"
    invariants.require_nothing_new({"app"}, {"app", "db7", copy}, [f"DROP DATABASE {copy};"])
    for after, said in (({"db7"}, ""), ({"app", copy}, ""), ({"app", "lifeboat_drill_x"}, "")):
        with pytest.raises(AssertionError, match=r"lost|nobody was told"):
            invariants.require_nothing_new({"app"}, after, [said])


def test_a_connection_that_is_still_open_breaks_the_law() -> None:
    class Admin:
        def __init__(self, *rows: str) -> None:
            self.rows = [(row,) for row in rows]

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def execute(self, *_: object) -> "Admin":
            return self

        def fetchall(self) -> list[tuple[str]]:
            return self.rows

    invariants.require_no_connections(SimpleNamespace(admin=Admin), ["app"])
    with pytest.raises(AssertionError, match="still connected"):
        invariants.require_no_connections(
            SimpleNamespace(admin=lambda: Admin("app: idle")), ["app"]
        )


# --- the campaign's page ------------------------------------------------------------------------


def test_a_case_s_sentence_is_its_test_s_name() -> None:
    nodeid = "tests/faults/test_x.py::test_s3_denies[PutObject-a_b]"
    assert sentence(nodeid) == "S3 denies: PutObject-a b"


def test_what_differs_between_runs_is_not_on_the_page() -> None:
    said = "db17 at 127.0.0.1:40123, process 4711:\n s3://bucket-3/x after 17 s in /tmp/a/b | end"
    assert plain(said) == (
        "app at 127.0.0.1, process N: s3://bucket/x after N s in &lt;path> \\| end"
    )


def test_the_page_counts_the_cases_of_each_kind() -> None:
    cases = {"t.py::test_a_b": {"fault": "S3", "said": "x", "ended": "refused"}}
    text = page(cases)
    assert "| A b | refused | x |" in text
    assert re.search(r"\| S3 \| .* \| 1 \|", text)
