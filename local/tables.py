"""The demo's tables."""

from collections.abc import Iterable
from datetime import datetime

from rich.filesize import decimal
from rich.table import Table

from lifeboat.policy.inventory import Inventory


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
