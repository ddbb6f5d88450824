"""`lifeboat destroy`: how to leave. It destroys nothing."""

from infra.deployment import REPOSITORY
from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared

PAGE = "docs/runbooks/delete-a-backup.md"
_BEGINS = "## Stop using Lifeboat"


@declared(json=False, sends_event=False)
def destroy(context: Context) -> ExitCode:
    """How to stop using Lifeboat. It prints the page, and destroys nothing.

    No program of Lifeboat deletes a backup, a bucket or a stack.
    """
    page = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    part = page[page.index(_BEGINS) :]
    context.show(f"{part}\nNothing was deleted. This is from {PAGE}.")
    return ExitCode.DONE


command = destroy
