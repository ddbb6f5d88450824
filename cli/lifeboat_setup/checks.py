"""One thing that `lifeboat doctor` looks at, and how it is told."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import LifeboatError
from lifeboat_cli.errors import CommandError


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was looked at, and what was found.

    Attributes:
        name: what was looked at.
        ok: whether it is safe, or can be used.
        found: in a few words.
        todo: what to type if it isn't.
    """

    name: str
    ok: bool
    found: str = ""
    todo: str = ""

    @classmethod
    def of(cls, name: str, error: LifeboatError | CommandError) -> "Check":
        """A check that ended by an error."""
        todo = error.todo if isinstance(error, LifeboatError) else error.next_step
        return cls(name=name, ok=False, found=error.what, todo=todo)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"check": self.name, "ok": self.ok, "found": self.found, "next": self.todo}


type Look = Callable[[], Iterable[Check]]


def looked(name: str, look: Look) -> Iterator[Check]:
    """The checks of `look`; what ends it early is one more, that failed."""
    try:
        yield from look()
    except (LifeboatError, CommandError) as error:
        yield Check.of(name, error)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        action = f"{error.operation_name} ({code})"
        yield Check(
            name=name,
            ok=False,
            found=f"AWS refused {action}",
            todo="Allow that for these credentials, or ask somebody who deploys.",
        )
    except BotoCoreError as error:
        yield Check(name=name, ok=False, found=str(error), todo="Check the network and the region.")


def all_of(name: str, problems: Iterable[LifeboatError | str], good: str) -> Iterator[Check]:
    """One good check, or one for each problem; notes are no problems."""
    errors = [each for each in problems if isinstance(each, LifeboatError)]
    if not errors:
        yield Check(name=name, ok=True, found=good)
    for error in errors:
        yield Check.of(name, error)
