"""What a person reads and types while an installation is set up."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from layers.progress import shown_on
from lifeboat.model.text import printable
from lifeboat_setup.urls import NOTHING_MADE, SetupError


class Terminal:
    """The terminal, or what stands in for it.

    Args:
        interactive: whether questions may be asked; without it, each one is an error.
        quiet: whether steps are left unsaid.
    """

    def __init__(self, *, interactive: bool, quiet: bool = False) -> None:
        self._interactive = interactive
        self._quiet = quiet
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)

    def say(self, text: str) -> None:
        """A step that is done, or what a person should know, to standard error."""
        if not self._quiet:
            click.echo(f"  {printable(text)}", err=True)

    def show(self, text: str) -> None:
        """A result, to standard output."""
        click.echo(printable(text))

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Show that something takes a while; a line when there is no terminal."""
        if self._quiet:
            yield
        elif self._console.is_terminal:
            with shown_on(self._console), self._console.status(what):
                yield
        else:
            click.echo(f"  {what} ...", err=True)
            yield

    def secret(self, question: str, otherwise: str, *, optional: bool = False) -> str:
        """Something that must not be seen: typed without an echo.

        Args:
            question: what is asked for.
            otherwise: how to give it without being asked.
            optional: whether nothing is an answer.

        Raises:
            SetupError: nobody can be asked.
        """
        self._require(question, otherwise)
        default = "" if optional else None
        return str(
            click.prompt(question, hide_input=True, default=default, show_default=False, err=True)
        ).strip()

    def text(self, question: str, otherwise: str, *, default: str) -> str:
        """Something that may be seen.

        Raises:
            SetupError: nobody can be asked.
        """
        self._require(question, otherwise)
        return str(click.prompt(question, default=default, show_default=bool(default), err=True))

    def agree(self, question: str) -> bool:
        """Yes or no; no by default. Without somebody to ask it is yes: that was asked for."""
        return not self._interactive or click.confirm(question, default=False, err=True)

    def _require(self, question: str, otherwise: str) -> None:
        if not self._interactive or not sys.stdin.isatty():
            raise SetupError(f"Nobody can be asked: {question}.", todo=otherwise, safe=NOTHING_MADE)
