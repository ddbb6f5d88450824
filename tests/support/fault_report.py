"""The fault campaign: each case is a test whose name is a sentence, marked with its kind."""

import re
from pathlib import Path
from typing import Any

import pytest

#: What can break, in the order of the campaign's page, and what is meant by it.
KINDS = {
    "processes": "a program of ours dies, or Python does",
    "network": "a connection is cut, stalled, reset or slow",
    "S3": "the storage refuses, fails, lies or is slow",
    "time": "the function's time runs out",
    "space": "disk or memory runs out",
    "database": "the database changes, locks, ends or holds what is hard to hold",
    "input": "events, settings and secrets that make no sense",
    "bucket": "damaged, missing, foreign or future objects",
    "repeats": "the same delivered twice, at once, or out of order",
    "jobs": "a job is not started, waits for a machine, or is ended",
}

#: What a case may leave behind where that nobody could take it away is the fault itself; said in
#: its mark, as in `fault("S3", leaves="uploads")`.
LEAVABLE = ("uploads", "threads", "connections", "unexpected")


COMMAND = "pytest tests -m fault --faults-table docs/faults.md"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults-table", metavar="PATH", help="write the fault campaign's page there")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(kind): a case of the fault campaign, of one kind")
    path = config.getoption("--faults-table")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Page(config, Path(path)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if kind := kind_of(item):
            item.user_properties.append(("fault", kind))


class Page:
    """Gathers what the cases of a run said, and writes the campaign's page when all went well."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config, self._path = config, path
        self._cases: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = dict(report.user_properties)
        if report.when == "call" and report.passed and "fault" in found:
            self._cases[report.nodeid] = found

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == 0 and self._cases and self._is_whole():
            self._path.write_text(page(self._cases))

    def _is_whole(self) -> bool:
        """Whether this was the whole campaign: a page of a part of it would lie."""
        option, here = self._config.option, self._config.rootpath
        asked = {Path(name).resolve() for name in self._config.args}
        return (
            option.markexpr == "fault"
            and not option.keyword
            and not option.deselect
            and not option.ignore
            and not getattr(option, "lf", False)
            and asked == {here / "tests"}
        )


def page(cases: dict[str, dict[str, Any]]) -> str:
    """The campaign's page: the law, how many cases there are of each kind, and each of them."""
    by_kind: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for nodeid, found in sorted(cases.items()):
        said, ended = plain(found.get("said", "")), found.get("ended", "refused")
        by_kind[found["fault"]].append(f"| {sentence(nodeid)} | {ended} | {said} |")
    counts = [f"| {kind} | {KINDS[kind]} | {len(rows)} |" for kind, rows in by_kind.items()]
    tables = [
        "\n".join([f"## {kind.capitalize()}: {KINDS[kind]}", "", *_TABLE, *rows])
        for kind, rows in by_kind.items()
        if rows
    ]
    head = _HEAD.format(count=len(cases), command=COMMAND, counts="\n".join(counts))
    return "\n\n".join([head.rstrip(), *tables]) + "\n"


_TABLE = ("| case | how it ended | what Lifeboat said |", "|---|---|---|")

_HEAD = """# The fault campaign

{count} cases, each against real PostgreSQL servers and a local S3. Whatever else a case looks at,
it is held to one law: **no success is reported for what isn't one; nothing existing is lost;
nothing is left behind; the message tells what to do.** So older backups lie in each case's
bucket, and after it every one of their versions has to be there and be the newest; there must be
no open upload, program, connection, thread, directory or database of ours that nobody was told
of; a manifest that is new has to name an archive that is there, byte for byte; and what was
raised must say what happened, what is safe and what to do next, without a secret, in the log and
behind the error too. A fault that was planned and never came fails its case.

`make faults` runs the cases and writes this page, if none failed.

| kind | what breaks | cases |
|---|---|---|
{counts}
"""


def sentence(nodeid: str) -> str:
    """What a case is about, from its test's name."""
    name, _, parameters = nodeid.rpartition("::")[2].removeprefix("test_").partition("[")
    words = name.replace("_", " ")
    words = words[:1].upper() + words[1:]
    told = parameters.removesuffix("]").replace("_", " ")
    return escaped(f"{words}: {told}" if told else words)


#: What differs from run to run, and what stands for it.
_VOLATILE = [
    (r"\\x1b\[[0-9;]*m", ""),
    (r"(?<![\w./:<>])/[\w.-]+/[^\s,:;'\"]+", "<path>"),
    (r"\b[0-9a-f]{32,64}\b", "<digest>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"\bbucket-\d+\b", "bucket"),
    (r"\bdb\d+\b", "app"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1"),
    (r"\bport \d+", "port N"),
    (r"\bprocess(es)? \d+", r"process\1 N"),
    (r"\b\d{8}t\d{6}z", "<moment>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(:?\d\d)?(\.\d+)?(Z|\+00:00)?", "<moment>"),
    (r"\b\d+(\.\d+)? (s|MB|GB|bytes|seconds)\b", r"N \2"),
    (r"\b\d{4,}\b", "N"),
]


def plain(said: str) -> str:
    """One line of what was said, the same in every run."""
    line = " ".join(said.split())
    for pattern, instead in _VOLATILE:
        line = re.sub(pattern, instead, line)
    return escaped(line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + " ...")


_LONGEST = 220


def escaped(text: str) -> str:
    """As Markdown shows it in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def kind_of(item: pytest.Item) -> str | None:
    """The kind of fault that a test is a case of; None for any other test."""
    mark = item.get_closest_marker("fault")
    if mark is None:
        return None
    if len(mark.args) != 1 or mark.args[0] not in KINDS:
        known = ", ".join(KINDS)
        raise pytest.UsageError(f"{item.nodeid}: fault{mark.args} is no kind; known: {known}")
    if set(mark.kwargs) - {"leaves"} or set(leaves(item)) - set(LEAVABLE):
        raise pytest.UsageError(f"{item.nodeid}: a case may leave {', '.join(LEAVABLE)} only")
    return str(mark.args[0])


def leaves(item: pytest.Item) -> tuple[str, ...]:
    """What a case says that it leaves behind."""
    mark = item.get_closest_marker("fault")
    said = mark.kwargs.get("leaves", "") if mark else ""
    return tuple(said.split())
