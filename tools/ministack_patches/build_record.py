"""What BatchGetBuilds answers about a build, phase by phase.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

Document = dict[str, Any]


class Ended(Exception):  # noqa: N818 - it may be what somebody wished
    """A build ends before its last command.

    Args:
        status: of the build and of the phase.
        code: of the phase's context, in CodeBuild's words.
        message: beside it.
    """

    def __init__(self, status: str, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class BuildRecord:
    """A build's document, which one thread changes while others read copies.

    Args:
        document: as it is submitted.

    Attributes:
        note: called with what CodeBuild writes into the build's log.
    """

    def __init__(self, document: Document) -> None:
        self.note: Callable[[str], None] = lambda _: None
        self._document = document
        self._turn = threading.RLock()

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as in JSON
        """The value of a key; for the thread that changes it."""
        return self._document[name]

    def get(self, name: str) -> Any:  # noqa: ANN401 - as in JSON
        """The value of a key, or None."""
        return self._document.get(name)

    def update(self, **values: object) -> None:
        """Set keys."""
        with self._turn:
            self._document.update(values)

    def copy(self) -> Document:
        """The document as it is now."""
        with self._turn:
            return deepcopy(self._document)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """The phase lasts as long as the block, and fails as it does."""
        self.begin(name)
        try:
            yield
        except Ended as early:
            self.complete(early.status, early.code, early.message)
            raise
        except Exception as error:
            self.complete("FAULT", "INTERNAL_SERVICE_ERROR", repr(error))
            raise
        self.complete("SUCCEEDED")

    def begin(self, name: str) -> None:
        """Begin a phase."""
        with self._turn:
            self._document["currentPhase"] = name
            self._document["phases"].append({"phaseType": name, "startTime": time.time()})

    def complete(self, status: str, code: str = "", message: str = "") -> None:
        """End the phase that was begun last."""
        with self._turn:
            phase = self._document["phases"][-1]
            phase.update(
                phaseStatus=status,
                endTime=time.time(),
                durationInSeconds=int(time.time() - phase["startTime"]),
                contexts=[{"statusCode": code, "message": message}],
            )
        self.note(f"Phase complete: {phase['phaseType']} State: {status}")
        self.note(f"Phase context status code: {code} Message: {message}")

    def failed(self) -> bool:
        """Whether a phase has failed."""
        return any(each.get("phaseStatus") == "FAILED" for each in self._document["phases"])

    def finish(self, status: str) -> None:
        """The build has ended."""
        now = time.time()
        with self._turn:
            self._document["phases"].append({"phaseType": "COMPLETED", "startTime": now})
            self._document.update(
                buildStatus=status, currentPhase="COMPLETED", endTime=now, buildComplete=True
            )
