"""The log of a build in CloudWatch, written while the build runs."""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PAUSE_SECONDS = 0.1
"""How long lines are gathered before they are sent together."""

MOST_EVENTS = 1_000
"""Of one request; CloudWatch takes 10,000 and 1 MiB."""


class BuildLog:
    """The stream of one build, written with the rights of the project's role.

    Every line is an event of its own, which ends with a line feed, as CodeBuild's do.

    Args:
        client: of CloudWatch Logs, with these rights.
        group: log group; made when it is missing and the role may.
        stream: log stream; made.

    Raises:
        ClientError: the role may not.
    """

    def __init__(self, client: Any, group: str, stream: str) -> None:  # noqa: ANN401 - boto3's
        self._client = client
        self._name = {"logGroupName": group, "logStreamName": stream}
        try:
            client.create_log_stream(**self._name)
        except client.exceptions.ResourceNotFoundException:
            with suppress(client.exceptions.ResourceAlreadyExistsException):
                client.create_log_group(logGroupName=group)
            client.create_log_stream(**self._name)
        self._waiting: list[dict[str, object]] = []
        self._turn = threading.Lock()
        self._closed = threading.Event()
        self._sender = threading.Thread(target=self._send_until_closed, daemon=True)
        self._sender.start()

    def write(self, line: str) -> None:
        """Add a line."""
        with self._turn:
            self._waiting.append({"timestamp": int(time.time() * 1000), "message": f"{line}\n"})

    def note(self, text: str) -> None:
        """Add a line of CodeBuild's own."""
        self.write(f"[Container] {datetime.now(UTC):%Y/%m/%d %H:%M:%S.%f} {text}")

    def close(self) -> None:
        """Send the rest."""
        self._closed.set()
        self._sender.join()

    def _send_until_closed(self) -> None:
        while not self._closed.wait(PAUSE_SECONDS):
            self._send()
        self._send()

    def _send(self) -> None:
        with self._turn:
            events, self._waiting = self._waiting, []
        for first in range(0, len(events), MOST_EVENTS):
            part = events[first : first + MOST_EVENTS]
            try:
                self._client.put_log_events(**self._name, logEvents=part)
            except (BotoCoreError, ClientError) as error:  # a build goes on without its log
                print(f"builds: the log {self._name}: {error}", flush=True)  # noqa: T201


class NoLog:
    """In place of the log of a project that wants none."""

    def write(self, line: str) -> None:
        """Add a line."""

    def note(self, text: str) -> None:
        """Add a line of CodeBuild's own."""

    def close(self) -> None:
        """Send the rest."""
