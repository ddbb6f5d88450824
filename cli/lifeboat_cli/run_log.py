"""What the log of one run says: how far it has come, and how it ended.

CloudWatch shows lines some seconds late, some of them twice, and not always in their order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lifeboat_cli.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Payload = dict[str, Any]

_TIMED_OUT = re.compile(r"Task timed out after [0-9.]+ seconds")
_OUT_OF_MEMORY = ("Runtime.OutOfMemory", "signal: killed", "Runtime.ExitError")
_UNSURE = "Existing backups are untouched. Whether the run had done something, its log says."


@dataclass(frozen=True)
class Progress:
    """A line about a run's progress.

    Attributes:
        step: what the run is doing.
        seconds: since its start.
        bytes: of the archive; None if they aren't counted.
        tables: that are finished; None likewise.
        of_tables: how many there are; None if that is not known.
    """

    step: str
    seconds: float
    bytes: int | None = None
    tables: int | None = None
    of_tables: int | None = None


@dataclass
class RunLog:
    """The log of one run, as far as it was seen.

    Attributes:
        run: its id.
        started: whether it has begun.
        ended: whether Lambda has logged its end. A run that was handed over goes on after that.
        job: what it goes on as; None if it was not handed over.
        in_job: whether its job has said something.
        progress: the newest; None if there was none.
        answer: what it answered; None if it has not, or has failed.
        failure: as Lambda answers it, with errorType and errorMessage; None if it has not failed.
    """

    run: str
    started: bool = False
    ended: bool = False
    job: Job | None = None
    in_job: bool = False
    progress: Progress | None = None
    answer: Payload | None = None
    failure: Payload | None = None
    _seen: set[str] = field(default_factory=set)
    _killed: str = ""

    def add(self, lines: Iterable[str], *, of_job: bool = False) -> list[Progress]:
        """Read lines; those that were read before count nothing. Returns the progress in them.

        Args:
            lines: as CloudWatch has them.
            of_job: whether its job wrote them, which begins anew; else the function did.
        """
        news = []
        for line in lines:
            if line in self._seen:
                continue
            self._seen.add(line)
            self.started = True
            told = self._json(line)
            if told is None:
                self._platform(line)
            elif progress := self._told(told, of_job=of_job):
                news.append(progress)
        return sorted(news, key=lambda each: each.seconds)

    @property
    def lines(self) -> int:
        """How many lines were seen."""
        return len(self._seen)

    @property
    def settled(self) -> bool:
        """Whether nothing that is still to come can change how the run ended.

        A drill that failed logs its answer, and then its failure.
        """
        passed = self.answer is not None and self.answer.get("verdict") != "failed"
        return passed or self.failure is not None

    def killed(self) -> Payload | None:
        """How a run failed that Lambda has killed; None if nothing says so.

        A run that has ended without its own last words may also have succeeded: CloudWatch may not
        have shown them yet.
        """
        if self.job or not (self._killed and self.ended):
            return None
        return _payload(
            "Runtime.Killed",
            self._killed,
            _UNSURE,
            "If its time or memory ran out, raise timeout_minutes or memory_mb in lifeboat.toml,"
            " then: make deploy. Then repeat the command.",
        )

    def _json(self, line: str) -> Payload | None:
        if not line.startswith("{"):
            return None
        try:
            told = json.loads(line)
        except ValueError:
            return None
        return told if isinstance(told, dict) else None

    def _platform(self, line: str) -> None:
        """A line of Lambda itself."""
        if found := _TIMED_OUT.search(line):
            self._killed = f"The function's time ran out: {found.group()}."
        elif any(word in line for word in _OUT_OF_MEMORY):
            self._killed = "The function was killed, most likely since its memory ran out."
        if line.startswith((f"END RequestId: {self.run}", f"REPORT RequestId: {self.run}")):
            self.ended = True

    def _told(self, told: Mapping[str, Any], *, of_job: bool) -> Progress | None:
        """A line of the function's or the job's own."""
        if self.run not in (told.get("run_id"), told.get("function_request_id")):
            return None
        if of_job and not self.in_job:
            self.in_job, self.progress = True, None
        _, _, event = str(told.get("message")).partition(".")
        if event == "finished":
            self.answer = dict(told["answer"])
        elif event == "failed":
            self.failure = _payload(
                str(told["error_type"]), told["error"], told["safe"], told["next"]
            )
        elif event == "crashed":
            kind = str(told.get("exception_name") or "error")
            self.failure = _payload(
                "UnexpectedError",
                f"Unexpected {kind}; the function's log has the details.",
                _UNSURE,
                f"Search the log for run {self.run} and report what it says, then repeat the"
                " command.",
            )
        elif event == "handed_over":
            self.job = Job(str(told["build"]), str(told["reason"]), told.get("expected_seconds"))
        elif event == "progress" and of_job == self.in_job:
            # The functions' logger leaves out what is null.
            progress = Progress(
                step=told["step"],
                seconds=told["seconds"],
                bytes=told.get("bytes"),
                tables=told.get("tables"),
                of_tables=told.get("of_tables"),
            )
            if self.progress is None or progress.seconds >= self.progress.seconds:
                self.progress = progress
                return progress
        return None


def _payload(kind: str, what: str, safe: str, next_step: str) -> Payload:
    return {"errorType": kind, "errorMessage": f"{what}\nSafe: {safe}\nNext: {next_step}"}
