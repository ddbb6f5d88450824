"""The demo's tables."""

from collections.abc import Iterable
from datetime import datetime

from rich.filesize import decimal
from rich.table import Table

from lifeboat.model.drill_report import DrillReport, Outcome
from lifeboat.model.inventory import Inventory
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


def comparison(source: Inventory, copy: Inventory) -> Table:
    """Source and copy, table by table."""
    restored = {(t.schema, t.name): t for t in copy.tables}
    table = Table(title="Table by table", title_justify="left", title_style="bold")
    for column in ("table", "rows", "rows restored", "checksum"):
        table.add_column(column, justify="left" if column == "table" else "right")
    for each in source.tables:
        other = restored.get((each.schema, each.name))
        same = other is not None and other.checksum == each.checksum
        table.add_row(
            each.name,
            f"{each.rows:,}",
            f"{other.rows:,}" if other else "missing",
            "[green]equal[/]" if same else "[red]differs[/]",
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
