"""`lifeboat runbook`: what to do, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lifeboat_cli.options import offline
from lifeboat_cli.pages import names, page, title
from lifeboat_cli.tables import table

if TYPE_CHECKING:
    from lifeboat_cli.context import Context


@offline
@click.argument("name", required=False)
def runbook(context: Context, name: str | None) -> None:
    """Print a runbook, or the list of them. Without AWS."""
    if name:
        context.show_page(page(name))
    else:
        context.show(table(("RUNBOOK", "ABOUT"), [(each, title(each)) for each in names()]))


command = runbook
