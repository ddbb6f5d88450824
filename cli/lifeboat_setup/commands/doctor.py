"""`lifeboat doctor`: look at everything."""

import tempfile
from pathlib import Path

from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared
from lifeboat_cli.text import safe_line
from lifeboat_setup.checks import Check
from lifeboat_setup.doctor import examine
from lifeboat_setup.options import settings


@declared(sends_event=False)
@settings
def doctor(context: Context, settings_name: str) -> ExitCode:
    """Is everything set up, and does it work? Exit code 4 if not.

    One line for each check: OK, or what to type. It looks at credentials, settings, secrets,
    logins, roles, servers, functions, schedules and subscribers, and asks the monitor for the
    status. It changes nothing.
    """
    found: list[Check] = []
    with tempfile.TemporaryDirectory(prefix="lifeboat-doctor-") as scratch:
        for each in examine(context, settings_name, Path(scratch)):
            found.append(each)
            if not context.options.json:
                _show(context, each)
    if context.options.json:
        context.show_json({"checks": [each.as_json() for each in found]})
    return ExitCode.DONE if all(each.ok for each in found) else ExitCode.NOT_SAFE


command = doctor


def _show(context: Context, check: Check) -> None:
    """A good check is one line; one that isn't has what to type below."""
    if check.ok and context.options.quiet:
        return
    mark = "OK  " if check.ok else "FIX "
    context.show(f"{mark} {safe_line(check.name)}: {safe_line(check.found)}")
    if not check.ok:
        for line in check.todo.splitlines():
            context.show(f"     -> {safe_line(line)}")
