"""The fault campaign: each case is a test whose name is a sentence, marked with its kind."""

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
}

#: What a case may leave behind where that nobody could take it away is the fault itself; said in
#: its mark, as in `fault("S3", leaves="uploads")`.
LEAVABLE = ("uploads", "threads", "connections", "unexpected")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(kind): a case of the fault campaign, of one kind")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        kind_of(item)


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
