"""What a person should do, in steps."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Step:
    """One step.

    Attributes:
        text: what to do. It ends with a period, unless a command follows.
        command: what to type, ready to paste; "" if there is nothing to type.
        without_program: the same by the AWS CLI alone, where the program `lifeboat` is not
            installed; "" if the command does not use that program.
    """

    text: str
    command: str = ""
    without_program: str = ""

    def __str__(self) -> str:
        """The step on one line."""
        return f"{self.text}: {self.command}" if self.command else self.text


def plain_steps(*texts: str) -> tuple[Step, ...]:
    """Steps in which there is nothing to type."""
    return tuple(map(Step, texts))
