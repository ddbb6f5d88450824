"""What every command is given: its options, the stack, and where its output goes."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lifeboat_cli.errors import CommandError
from lifeboat_cli.stack import Stack, find_stack, open_session
from lifeboat_cli.tables import console
from lifeboat_cli.text import folded, paragraphs, safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console, RenderableType


@dataclass(frozen=True)
class Options:
    """The options that every command has.

    Attributes:
        stack: the stack's name; None: the only one that there is.
        profile: as in the AWS CLI.
        region: likewise.
        json: print the function's answer as it is.
        quiet: print no progress.
        show_event: print the event, and send nothing.
    """

    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    json: bool = False
    quiet: bool = False
    show_event: bool = False


@dataclass
class Context:
    """A command's surroundings.

    Results go to standard output; what people read on the way goes to standard error.
    """

    options: Options

    @cached_property
    def stack(self) -> Stack:
        """The stack that the command is about, found when it is first needed.

        Raises:
            CommandError: it can't be found.
        """
        options = self.options
        return find_stack(open_session(options.profile, options.region), options.stack)

    @cached_property
    def out(self) -> Console:
        """Standard output."""
        return console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Standard error."""
        return console(sys.stderr)

    def say(self, text: str, style: str = "") -> None:
        """Tell people something on the way; --quiet leaves it out."""
        if not self.options.quiet:
            self.err.print(safe(text), style=style, soft_wrap=True)

    def show(self, *parts: RenderableType) -> None:
        """Print a result; of plain text, what could control the terminal is escaped.

        Long lines are left to the terminal, so that a command that is copied stays one line.
        """
        for part in parts:
            plain = isinstance(part, str)
            self.out.print(safe(part) if plain else part, soft_wrap=plain)

    def show_prose(self, *lines: str) -> None:
        """Print sentences of a result; in a terminal they are folded between words."""
        for line in lines:
            fits = folded(line, self.out.width) if self.out.is_terminal else line
            self.show(fits)

    def show_page(self, text: str) -> None:
        """Print Markdown; in a terminal sentences are folded, and commands are not."""
        if not self.out.is_terminal:
            self.show(text.rstrip("\n"))
            return
        for line, may_fold in paragraphs(text):
            self.show_prose(line) if may_fold else self.show(line)

    def show_json(self, answer: object) -> None:
        """Print an answer untouched, as JSON."""
        sys.stdout.write(json.dumps(answer, indent=1) + "\n")

    def whose(self) -> str | None:
        """Account, region and stack, if the command has come to know them."""
        stack = self.__dict__.get("stack")
        if not isinstance(stack, Stack):
            return None
        try:
            account = stack.account
        except CommandError:
            account = "unknown"
        return f"Account {account}, region {stack.region}, stack {stack.name}"

    def show_event(self, job: str, database: str | None, event: Mapping[str, object]) -> None:
        """Print the function's name and the event that it would get."""
        sys.stdout.write(f"{self.stack.function(job, database)}\n{json.dumps(event)}\n")
