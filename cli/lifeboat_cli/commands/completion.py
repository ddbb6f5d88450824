"""`lifeboat completion`: let the shell complete commands and options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import get_completion_class

from lifeboat_cli.options import offline

if TYPE_CHECKING:
    from lifeboat_cli.context import Context

VARIABLE = "_LIFEBOAT_COMPLETE"
"""By which the shell asks the program, as click has it."""


@offline
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
def completion(context: Context, shell: str) -> None:
    """Print what makes a shell complete `lifeboat`.

    For bash, add to ~/.bashrc: eval "$(lifeboat completion bash)"
    """
    made = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    if made:
        context.show(made(root, {}, "lifeboat", VARIABLE).source())


command = completion
