"""The source that the attempts of a run share: a copy if the settings say so, else the database."""

from dataclasses import dataclass

from lifeboat.backup.policy.fall_back import falls_back
from lifeboat.errors import LifeboatError
from lifeboat.model.branches import reason_of
from lifeboat.postgres.source import Source


@dataclass
class ChosenSource:
    """What a run reads.

    Attributes:
        database: the database itself.
        copy: what to read in its place; None: nothing.
        seconds: that the run had for everything when it began.
        missing: why the database is read although there should be a copy; None otherwise.
    """

    database: Source
    copy: Source | None = None
    seconds: float = 0.0
    missing: str | None = None

    @property
    def current(self) -> Source:
        """What to read now."""
        return self.copy if self.copy and self.missing is None else self.database

    def fall_back(self, error: LifeboatError, left: float) -> bool:
        """Read the database itself from now on, if that is better than to fail.

        Args:
            error: why the copy can't be read.
            left: seconds until the run has to be over.

        Returns:
            Whether the run goes on with the database.
        """
        if self.current is self.database or not falls_back(error, left=left, whole=self.seconds):
            return False
        self.missing = reason_of(error)
        return True

    def close(self) -> None:
        """Let nothing remain of the copy."""
        if self.copy:
            self.copy.close()
