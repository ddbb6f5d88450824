"""The demo's tables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from rich.filesize import decimal
from rich.table import Table

from lifeboat.model.identifiers import TableName


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
