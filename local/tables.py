"""The demo's tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from rich.filesize import decimal
from rich.table import Table

from lifeboat.model.drill_report import DrillReport, Outcome
from lifeboat.model.identifiers import TableName
from lifeboat.model.text import format_duration

_BAR = 40


def listing(title: str, objects: Iterable[tuple[str, int, datetime]]) -> Table:
    """What lies in a bucket: key, size in bytes, and the end of the lock."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("key")
    table.add_column("size", justify="right")
    table.add_column("locked until")
    for key, size, until in objects:
        table.add_row(key, decimal(size), f"{until:%Y-%m-%d}")
    return table


class Contents(NamedTuple):
    """The number of a table's rows, and an MD5 sum of them."""

    rows: int
    md5: str


def comparison(source: Mapping[TableName, Contents], copy: Mapping[TableName, Contents]) -> Table:
    """Source and copy, table by table."""
    table = Table(title="Table by table", title_justify="left", title_style="bold")
    for column in ("table", "rows", "rows restored", "MD5 sums"):
        table.add_column(column, justify="left" if column == "table" else "right")
    for name, each in source.items():
        other = copy.get(name)
        table.add_row(
            name[1],
            f"{each.rows:,}",
            f"{other.rows:,}" if other else "missing",
            "[green]equal[/]" if other and other.md5 == each.md5 else "[red]differs[/]",
        )
    return table


def drill_summary(report: DrillReport) -> Table:
    """A drill's verdict, its checks, and its steps with their times."""
    title = (
        f"{report.backup}: [green]{report.verdict}[/] in {report.total_seconds:.1f} s,"
        f" the target (RTO) is {format_duration(report.rto_seconds)}"
    )
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("step")
    table.add_column("seconds", justify="right")
    table.add_column("of the time")
    for step, seconds in report.seconds.items():
        share = seconds / report.total_seconds if report.total_seconds else 0.0
        table.add_row(step, f"{seconds:.2f}", "█" * round(share * _BAR))
    passed = ", ".join(check.name for check in report.checks if check.outcome is Outcome.PASSED)
    table.caption = f"{report.rows:,} rows; passed: {passed}"
    table.caption_justify = "left"
    return table
