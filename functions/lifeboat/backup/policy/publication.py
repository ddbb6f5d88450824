"""What a run knows of whether its backup is published, and what is safe by that."""

from enum import StrEnum

from lifeboat.errors import LifeboatError

NOT_PUBLISHED = (
    "No backup was published by this run; earlier backups and the database are untouched."
)


class _State(StrEnum):
    """Whether it is published, by what is safe then."""

    NO = NOT_PUBLISHED
    UNKNOWN = (
        "Earlier backups and the database are untouched. It is not known whether this backup was"
        " published."
    )
    YES = "The backup is published and complete; earlier ones and the database are untouched."


class Publication:
    """Whether the backup of a run is published, as far as is known; all its attempts share it."""

    def __init__(self) -> None:
        self._state = _State.NO

    @property
    def safe(self) -> str:
        """What no failure of the run affects, at this moment."""
        return self._state.value

    @property
    def is_published(self) -> bool:
        """Whether it is known to be published."""
        return self._state is _State.YES

    def begin(self) -> None:
        """The manifest is being sent: until S3 shows what it has, nobody knows."""
        self._state = _State.UNKNOWN

    def found(self, *, published: bool) -> None:
        """S3 has shown or said whether the manifest is there."""
        self._state = _State.YES if published else _State.NO

    def explain(self, error: LifeboatError) -> LifeboatError:
        """The same error, as the end of the run."""
        if self._state is _State.UNKNOWN:
            return error.unsure(
                self.safe, "Invoke the function again: it finds the backup, or takes it."
            )
        return error.ending(self.safe)
