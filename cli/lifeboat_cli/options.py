"""The options that every command takes, and how a command is declared."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Callable

import click

from lifeboat_cli.context import Context, Options
from lifeboat_cli.stack import STACK_VARIABLE

if TYPE_CHECKING:
    from lifeboat_cli.exit_codes import ExitCode

Body = Callable[..., "ExitCode | None"]
"""A command's own function: gets a `Context` and its parameters; None means that it is done."""

_SHARED = (
    click.option(
        "--stack",
        envvar=STACK_VARIABLE,
        metavar="NAME",
        help=f"The stack; by default ${STACK_VARIABLE}, or the only one that there is.",
    ),
    click.option("--profile", metavar="NAME", help="A profile of the AWS CLI."),
    click.option("--region", metavar="NAME", help="The AWS region of the stack."),
    click.option("--quiet", "-q", is_flag=True, help="Print results and errors only."),
)
_JSON = click.option("--json", is_flag=True, help="Print the function's answer as it is.")
_SHOW_EVENT = click.option(
    "--show-event", is_flag=True, help="Print the function's name and the event; send nothing."
)


def offline(body: Body) -> click.Command:
    """Declare a command that needs no AWS, and so has none of the shared options."""

    @functools.wraps(body)
    def called(**own: Any) -> ExitCode | None:  # noqa: ANN401  # what the command itself declares
        return body(Context(Options()), **own)

    return click.command(called)


_BACKUP_CHOICE = (
    click.argument("database"),
    click.argument("backup", required=False),
    click.option("--before", metavar="TIME", help="The newest from before it: 'yesterday 09:00'."),
    click.option(
        "--table", "tables", multiple=True, metavar="NAME", help="Only this one; repeatable."
    ),
)


def chooses_backup(body: Body) -> Body:
    """Declare that a command is about a database, one of its backups, and some of its tables."""
    for each in reversed(_BACKUP_CHOICE):
        body = each(body)
    return body


def command(*, json: bool = True, sends_event: bool = True) -> Callable[[Body], click.Command]:
    """Declare a command. Its name is its function's; its first paragraph is its help.

    Args:
        json: whether it takes --json.
        sends_event: whether it takes --show-event.
    """
    shared = [*_SHARED, *([_JSON] if json else []), *([_SHOW_EVENT] if sends_event else [])]

    def declare(body: Body) -> click.Command:
        @functools.wraps(body)
        @click.pass_context
        def called(  # noqa: PLR0913  # click gives options as keywords
            found: click.Context,
            /,
            *,
            stack: str | None,
            profile: str | None,
            region: str | None,
            quiet: bool,
            json: bool = False,
            show_event: bool = False,
            **own: Any,  # noqa: ANN401  # what the command itself declares
        ) -> ExitCode | None:
            context = Context(
                Options(
                    stack=stack or None,
                    profile=profile,
                    region=region,
                    json=json,
                    quiet=quiet,
                    show_event=show_event,
                )
            )
            found.find_root().obj.append(context)
            return body(context, **own)

        # The command's own options come first in its help.
        decorated: Any = called
        own = list(getattr(body, "__click_params__", ()))
        decorated.__click_params__ = own
        made = click.command(body.__name__.rstrip("_").replace("_", "-"))(decorated)
        for option in shared:
            probe: Any = option(lambda: None)
            made.params.extend(probe.__click_params__)
        return made

    return declare
