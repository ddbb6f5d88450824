"""`lifeboat`: finds the command, and turns what ends it into an exit code."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from lifeboat_cli import __version__
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.text import safe_line

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Am I safe?",
        ("status", "backups", "show", "runs", "open", "cost", "mute", "unmute", "ack", "evidence"),
    ),
    ("Back up and prove", ("backup", "drill", "watch")),
    ("Get data back", ("restore", "swap", "undo", "cleanup", "download", "export", "thaw")),
    ("Install", ("setup", "add", "remove", "deploy", "doctor", "destroy")),
    ("Help", ("explain", "runbook", "completion")),
)
"""All commands, by the sections of the help. `name` is `command` in `lifeboat_cli.commands.name`,
or else in `lifeboat_setup.commands.name`, which only a checkout has."""

_PACKAGES = ("lifeboat_cli.commands", "lifeboat_setup.commands")
_SHORT_HELP = 66
"""Characters that are left of 80 beside the name of a command."""

_NAMES = tuple(name for _, names in SECTIONS for name in names)


class Group(click.Group):
    """The commands; each is imported when it is first needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """All names, in the order of the help."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name; None if there is none."""
        if cmd_name not in _NAMES:
            return None
        for package in _PACKAGES:
            if _exists(module := f"{package}.{cmd_name.replace('-', '_')}"):
                found: click.Command = importlib.import_module(module).command
                return found
        return _elsewhere(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help's list of commands, in sections."""
        for title, names in SECTIONS:
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name, made.get_short_help_str(limit=_SHORT_HELP))
                        for name in names
                        if (made := self.get_command(ctx, name))
                    ]
                )


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _elsewhere(name: str) -> click.Command:
    """A command that is not here, as it needs the checkout."""

    def needs_checkout() -> None:
        raise CommandError(
            f"`lifeboat {name}` needs a clone: the settings and what is deployed are there.",
            safe="Nothing was done.",
            next_step=f"In a clone of the repository: make ready && .venv/bin/lifeboat {name}",
            code=ExitCode.USAGE,
        )

    return click.Command(
        name,
        callback=needs_checkout,
        short_help="(only in the checkout)",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(version)s")
def lifeboat() -> None:
    """PostgreSQL backups that are proven by restoring them.

    `lifeboat COMMAND --help` explains a command.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run a command, and return its exit code.

    Args:
        arguments: without the program's name; None for the process's own.
    """
    contexts: list[Context] = []
    try:
        code = lifeboat.main(arguments, "lifeboat", standalone_mode=False, obj=contexts)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except CommandError as error:
        _show(error)
        code = error.code
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does. Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except (KeyboardInterrupt, click.Abort):  # before Exception: Abort is one
        _print_line("Interrupted.")
        code = ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # a person reads it, at night
        traceback.print_exc()
        _show(_unexpected(error))
        code = ExitCode.FAILED
    for context in contexts:
        shown = context.options.quiet or context.options.show_event
        if not shown and (whose := context.whose()):
            context.say(whose, style="dim")
    return int(code or 0)


def run() -> None:
    """The program `lifeboat`."""
    sys.exit(main())


def _show(error: CommandError) -> None:
    failed = error.code not in (ExitCode.RUNNING, ExitCode.INTERRUPTED)
    _print_line(f"{'error: ' if failed else ''}{safe_line(error.what)}")
    _print_line(f"  Safe: {safe_line(error.safe)}")
    _print_line(f"  Next: {safe_line(error.next_step)}")


def _unexpected(error: Exception) -> CommandError:
    return CommandError(
        f"Unexpected {type(error).__name__}: {error}",
        safe="Backups and the database are untouched by this program. A run that was started goes"
        " on: lifeboat runs",
        next_step="Report the lines above. Without this program: the runbooks have the commands.",
    )


def _print_line(text: str) -> None:
    sys.stderr.write(f"{text}\n")
