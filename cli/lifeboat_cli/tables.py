"""Tables that fit 80 columns, and consoles that print them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lifeboat_cli.text import safe_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDE = 500
"""Columns where no terminal is: what a program reads is not folded."""

STYLES: Mapping[str, str] = {
    "critical": "bold red",
    "failed": "bold red",
    "warning": "yellow",
    "partial": "yellow",
    "healthy": "green",
    "proven": "green",
}
"""How words of a state are coloured, where there are colours."""


def console(file: TextIO) -> Console:
    """A console that takes all text literally. It heeds NO_COLOR; without a terminal, no colours.

    Args:
        file: standard output or standard error.
    """
    return Console(
        file=file,
        markup=False,
        highlight=False,
        emoji=False,
        width=None if file.isatty() else _WIDE,
        legacy_windows=False,
    )


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: str = "", whole: str = ""
) -> Table:
    """A table without lines; in a terminal that is too narrow, cells are folded.

    Args:
        headings: of the columns.
        rows: cells, as plain text; it is made safe here.
        right: the headings of columns with figures, separated by spaces, which are aligned right.
        whole: those of columns that are never folded, such as ids, which people copy.
    """
    made = Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), collapse_padding=True, header_style="bold"
    )
    figures, unfolded = right.split(), whole.split()
    for each in headings:
        made.add_column(
            each,
            justify="right" if each in figures else "left",
            overflow="fold",
            min_width=2,
            no_wrap=each in unfolded,
        )
    for row in rows:
        made.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in map(safe_line, row)))
    return made
