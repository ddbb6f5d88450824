"""Where errors of the product become errors of the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from lifeboat.errors import LifeboatError
from lifeboat_cli.context import Context
from lifeboat_cli.errors import CommandError


@contextmanager
def explained(context: Context) -> Iterator[None]:
    """Raise the product's errors as the command line's.

    What is to be typed may have several lines, such as SQL; they are shown before the error.

    Raises:
        CommandError: the block failed.
    """
    try:
        yield
    except LifeboatError as error:
        found = error
    else:
        return
    first, *rest = found.todo.splitlines()
    if rest:
        context.show("\n".join(rest))
        first = f"{first} (It is above.)"
    raise CommandError(found.what, safe=found.safe, next_step=first)
