"""Options that the commands of this package share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

import click

from infra.settings_file import FILE
from lifeboat_setup.gather import Wanted
from lifeboat_setup.install import Request

settings = click.option(
    "--settings",
    "settings_name",
    default=FILE,
    metavar="FILE",
    show_default=True,
    help="The settings of the stack, in the checkout.",
)


class Asked(TypedDict):
    """The options of `setup` and `add`, as click gives them."""

    settings_name: str
    name: str | None
    source: str | None
    emails: tuple[str, ...]
    no_create_role: bool
    reset_passwords: bool
    non_interactive: bool


def request(command: str, asked: Asked, *, adding: bool) -> Request:
    """What was asked for.

    Args:
        command: its name.
        asked: its options.
        adding: whether a database is asked for although the settings have some.
    """
    return Request(
        command=command,
        adding=adding,
        wanted=Wanted(
            name=asked["name"],
            file=Path(asked["source"]) if asked["source"] else None,
            create_roles=not asked["no_create_role"],
        ),
        settings=asked["settings_name"],
        emails=asked["emails"],
        interactive=not asked["non_interactive"],
        take_over=asked["reset_passwords"],
    )


def what_to_add[Body: Callable[..., Any]](body: Body) -> Body:
    """The options of `setup` and `add`."""
    for option in reversed(_WHAT):
        body = option(body)
    return body


_WHAT = (
    click.option("--name", metavar="NAME", help="What to call the database in Lifeboat."),
    click.option(
        "--from",
        "source",
        metavar="FILE",
        help="Lines NAME=URL of several databases; only you may be able to read the file.",
    ),
    click.option(
        "--email", "emails", multiple=True, metavar="ADDRESS", help="Who is notified; repeatable."
    ),
    click.option(
        "--no-create-role",
        is_flag=True,
        help="Print the SQL of the roles, and ask for the URLs of roles that exist.",
    ),
    click.option(
        "--reset-passwords",
        is_flag=True,
        help="Give roles that exist new passwords, if no secret has theirs.",
    ),
    click.option("--non-interactive", is_flag=True, help="Ask nothing; make what the plan says."),
    settings,
)
