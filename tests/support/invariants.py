"""The law of the fault campaign, which every case is held to.

No success is reported for what isn't one; nothing existing is lost; nothing is left behind; the
message tells what to do.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from lifeboat.errors import (
    AlreadyTakenError,
    ArchivedError,
    CapacityError,
    EventError,
    LifeboatError,
    NoBackupError,
    RefusedError,
    SecretError,
    SettingsError,
    TargetError,
)
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.manifest import Manifest
from lifeboat.restore.policy.copy_names import parse_copy_name

if TYPE_CHECKING:
    from tests.support.backup_harness import Bucket

REFUSALS = (
    ArchivedError,
    CapacityError,
    EventError,
    NoBackupError,
    RefusedError,
    SecretError,
    SettingsError,
    AlreadyTakenError,
    TargetError,
)

#: For what is on its way out. That takes moments, but a busy machine may take its time; what a
#: test breaks stays broken for a minute, so what is left behind by that is still there.
PATIENCE_SECONDS = 20.0

_PROGRAMS = {"pg_dump", "pg_restore", "pg_dumpall"}
_THREADS = ("part", "abort", "call", "survey", "decoder", "end sessions")


@dataclass
class Case:
    """What one case said while it ran.

    Attributes:
        secrets: what no message may hold.
        said: the first error's words, for the campaign's page.
        ended: how it ended.
        everything: all that was told to people.
        unexpected: what was raised that isn't an error of ours.
    """

    secrets: set[str] = field(default_factory=set)
    said: str = ""
    ended: str = "as the case says"
    everything: list[str] = field(default_factory=list)
    unexpected: list[BaseException] = field(default_factory=list)
    _errors: list[BaseException] = field(default_factory=list)

    def told(self, error: BaseException, ended: str = "") -> None:
        """An error reached whoever invoked us: it has to help, and to keep secrets."""
        first = not any(known is error for known in self._errors)
        self._errors.append(error)
        if not isinstance(error, LifeboatError):
            self.unexpected.append(error)
            self._note(f"Unexpected {type(error).__name__}: {error}", ended or "unexpected")
            return
        if first:
            require_help(error)
            require_no_secret(self.secrets, texts_of(error))
        default = "refused" if isinstance(error, REFUSALS) else "failed honestly"
        self._note(error.what, ended or default)
        self.everything.append(str(error))

    def answered(self, words: str) -> None:
        """Something was told to people that isn't an error, such as an answer or a report."""
        require_no_secret(self.secrets, [words])
        self.everything.append(words)

    def _note(self, what: str, ended: str) -> None:
        """The first error tells what the case is about; the same, told again, how it ended."""
        if self.said in ("", what):
            self.said, self.ended = what, ended


class _Now:
    """The case that runs; a session runs one at a time."""

    case: Case | None = None


@contextmanager
def held(case: Case) -> Iterator[None]:
    """Let what is told from now on be this case's."""
    _Now.case = case
    try:
        yield
    finally:
        _Now.case = None


def told[E: BaseException](error: E, ended: str = "") -> E:
    """Note what was raised; `ended` says how, where the error's class doesn't. Gives it back."""
    if _Now.case:
        _Now.case.told(error, ended)
    return error


def answered(words: object) -> None:
    """Note what was answered or reported."""
    if _Now.case:
        _Now.case.answered(str(words))


def reported(report: DrillReport) -> None:
    """Note a drill's report; one that says that something failed has to advise."""
    answered(report)
    if report.verdict is Verdict.FAILED:
        told(LifeboatError("; ".join(report.reasons), todo=report.advice or ""), "a failed drill")


@contextmanager
def listening() -> Iterator[None]:
    """Note whatever is raised in the block."""
    try:
        yield
    except Exception as error:
        told(error)
        raise


@contextmanager
def truthful(bucket: "Bucket", manifest_key: str) -> Iterator[None]:
    """Hold a run to what it publishes: whatever manifest is new after it has to be true."""
    if _Now.case is None:
        yield
        return
    before = newest(bucket).get(manifest_key)
    try:
        yield
    finally:
        if newest(bucket).get(manifest_key) != before:
            require_true(bucket, manifest_key)


# --- the clauses --------------------------------------------------------------------------------


def require_help(error: LifeboatError) -> None:
    """The message says what happened, what is safe and what to do."""
    assert error.what.strip(), "an error that says nothing"
    assert error.todo.strip(), f"no next step: {error.what}"
    assert error.safe.strip(), f"nothing is said to be safe: {error.what}"
    assert "Traceback" not in str(error), f"a trace is no message: {error.what}"


def texts_of(error: BaseException) -> list[str]:
    """Everything that a log of this error may show: its words, its notes, and what is behind it."""
    found: list[str] = []
    seen: set[int] = set()
    behind: list[BaseException | None] = [error]
    while behind:
        each = behind.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        found += [str(each), repr(each), *getattr(each, "__notes__", ())]
        behind += [each.__cause__, each.__context__]
    return found


def require_no_secret(secrets: Iterable[str], texts: Iterable[str]) -> None:
    """No secret is in any of the texts."""
    texts = list(texts)
    for secret in secrets:
        found = [text.replace(secret, "<SECRET>")[:300] for text in texts if secret in text]
        assert not found, found


def require_true(bucket: "Bucket", manifest_key: str) -> None:
    """The manifest's archive and globals are there, with the size and the SHA-256 it names."""
    manifest = Manifest.from_json(bucket.read(manifest_key))
    for stored in (*manifest.archive.objects, *([manifest.globals] if manifest.globals else [])):
        where = {"Bucket": bucket.name, "Key": stored.key}
        if stored.version_id:
            where["VersionId"] = stored.version_id
        body = bucket.client.get_object(**where)["Body"].read()
        assert len(body) == stored.bytes, f"{stored.key} has another size than its manifest says"
        assert hashlib.sha256(body).hexdigest() == stored.sha256, f"{stored.key} is another"


def versions(bucket: "Bucket") -> dict[tuple[str, str], str]:
    """The ETag of every version in the bucket."""
    pages = bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name)
    return {(v["Key"], v["VersionId"]): v["ETag"] for p in pages for v in p.get("Versions", ())}


def newest(bucket: "Bucket") -> dict[str, str]:
    """Each key's newest version, of keys that haven't been deleted."""
    pages = bucket.client.get_paginator("list_object_versions").paginate(Bucket=bucket.name)
    found = (v for page in pages for v in page.get("Versions", ()))
    return {v["Key"]: v["VersionId"] for v in found if v["IsLatest"]}


def require_versions(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> None:
    """Every version that was there is there, and the same."""
    lost = [key for (key, version), etag in before.items() if after.get((key, version)) != etag]
    assert not lost, f"lost or changed: {lost}"


def require_newest(before: dict[str, str], after: dict[str, str]) -> None:
    """What a reader gets by these keys is what was there before."""
    hidden = [key for key, version in before.items() if after.get(key) != version]
    assert not hidden, f"hidden by a newer version or a delete marker: {hidden}"


def require_no_uploads(bucket: "Bucket") -> None:
    """No multipart upload is left open."""
    _soon(lambda: not bucket.open_uploads(), lambda: f"open uploads: {bucket.open_uploads()}")


def require_no_programs(place: Path | None = None) -> None:
    """No program of ours is left, nor a server in the place that the run worked in."""
    _soon(lambda: not _programs(place), lambda: f"programs left: {_programs(place)}")


def _programs(place: Path | None) -> list[str]:
    found = []
    for child in psutil.Process().children(recursive=True):
        try:
            name, words = child.name(), child.cmdline()
        except psutil.NoSuchProcess:
            continue
        if name in _PROGRAMS or (place and any(str(place) in word for word in words)):
            found.append(name)
    return found


def threads() -> set[threading.Thread]:
    """Those of ours that are at work."""
    return {t for t in threading.enumerate() if t.name.startswith(_THREADS)}


def require_no_threads(before: set[threading.Thread]) -> None:
    """No thread of ours is still at work but those that an earlier case had to leave."""
    _soon(lambda: threads() <= before, lambda: f"threads left: {threads() - before}")


def require_empty(place: Path) -> None:
    """No directory or file of a run is left."""
    left = [path.name for path in place.iterdir()]
    assert not left, f"left in {place}: {left}"


def require_gone(paths: Iterable[str]) -> None:
    """No temporary directory or file that was made is left."""
    left = [path for path in paths if Path(path).exists()]
    assert not left, f"temporary files left: {left}"


def require_nothing_new(before: set[str], after: set[str], said: Iterable[str]) -> None:
    """No database of ours is left that nobody was told of, and none is lost."""
    said = list(said)
    assert before <= after, f"lost: {sorted(before - after)}"
    ours = {n for n in after - before if n.startswith("lifeboat_drill_") or parse_copy_name(n)}
    untold = sorted(name for name in ours if not any(name in words for words in said))
    assert not untold, f"left on the server, and nobody was told: {untold}"


def require_no_connections(server: Any, databases: Iterable[str]) -> None:
    """Nobody of ours is connected to these databases any more."""

    def connected() -> list[str]:
        with server.admin() as admin:
            rows = admin.execute(
                "SELECT datname || ': ' || state || ': ' || left(query, 60) FROM pg_stat_activity"
                " WHERE datname = ANY(%s) AND pid <> pg_backend_pid()",
                [list(databases)],
            ).fetchall()
        return [row[0] for row in rows]

    _soon(lambda: not connected(), lambda: f"still connected: {connected()}")


def _soon(question: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not question():
        assert time.monotonic() < give_up, otherwise()
        time.sleep(0.02)
