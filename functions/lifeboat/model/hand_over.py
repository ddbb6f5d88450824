"""What a function answers when its run goes on as a job."""

from lifeboat.model.answers import Answer


class HandOver(Answer):
    """The job that a run goes on as, under the same run id.

    Attributes:
        database: as in the event.
        build: id of the build of AWS CodeBuild, `<project>:<uuid>`.
        project: its CodeBuild project.
        reason: why the run does not stay in the function, in a sentence.
        expected_seconds: how long it will take from the start of the build; null where that can't
            be known. Before, the build waits for a machine.
    """

    database: str
    build: str
    project: str
    reason: str
    expected_seconds: int | None = None

    def as_logged(self) -> dict[str, object]:
        """The same for a log whose lines name the database anyway, without what isn't known."""
        return self.model_dump(mode="json", exclude={"database"}, exclude_none=True)


class HandOverAnswer(Answer):
    """The answer of a backup, a drill or a restore that goes on as a job.

    The job logs the answer of the run itself, into the log of the function.

    Attributes:
        handed_over: the job.
    """

    handed_over: HandOver
