"""`lifeboat add`: back up one more database."""

from typing import Unpack

from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared
from lifeboat_setup.boundary import explained
from lifeboat_setup.install import install
from lifeboat_setup.options import Asked, request, what_to_add


@declared(json=False, sends_event=False)
@what_to_add
def add(context: Context, **asked: Unpack[Asked]) -> ExitCode:
    """Back up one more database of an installation that exists.

    It asks for the same as `lifeboat setup`, and ends with a proven backup of that database.
    """
    with explained(context):
        return install(context, request("add", asked, adding=True))


command = add
