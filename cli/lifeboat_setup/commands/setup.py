"""`lifeboat setup`: set up an installation."""

from typing import Unpack

from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared
from lifeboat_setup.boundary import explained
from lifeboat_setup.install import install
from lifeboat_setup.options import Asked, request, what_to_add


@declared(json=False, sends_event=False)
@what_to_add
def setup(context: Context, **asked: Unpack[Asked]) -> ExitCode:
    """From a fresh clone to a proven backup, in one command.

    It asks for an administrator's URL, which is neither stored nor shown, checks the database,
    shows the SQL and the plan with its cost, and asks once. Then it makes the roles, the secrets
    and lifeboat.toml, deploys, and waits for the first backup and the first drill. Start it again
    after an interruption: it finds what is there.
    """
    with explained(context):
        return install(context, request("setup", asked, adding=False))


command = setup
