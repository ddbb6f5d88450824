"""`lifeboat destroy`: how to leave. It destroys nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifeboat_cli.options import offline
from lifeboat_cli.pages import chapter

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

_PAGE = "delete-a-backup"


@offline
def destroy(context: Context) -> None:
    """How to stop using Lifeboat. It prints the page, and destroys nothing.

    No program of Lifeboat deletes a backup, a bucket or a stack.
    """
    context.show_page(chapter(_PAGE, "Before you type"))
    context.show("")
    context.show_page(chapter(_PAGE, "Stop using Lifeboat"))
    context.show("")
    context.show_prose(f"Nothing was deleted. More: lifeboat runbook {_PAGE}")


command = destroy
