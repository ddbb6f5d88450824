"""A job as a build of CodeBuild runs it: the commands of its buildspec, in the box."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import psutil

from tests.sandbox.function import Stopped, stopping
from tests.sandbox.job_box import JobBox

SECONDS = 120.0
CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class CredentialsEndpoint:
    """Gives a role's credentials to whoever knows the path, and notices every caller.

    Args:
        credentials: of the role, as environment variables.
    """

    def __init__(self, credentials: Mapping[str, str]) -> None:
        callers = self._callers = list[object]()
        answer = json.dumps(
            {
                "AccessKeyId": credentials["AWS_ACCESS_KEY_ID"],
                "SecretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
                "Token": credentials["AWS_SESSION_TOKEN"],
                "Expiration": "2099-01-01T00:00:00Z",
            }
        ).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def verify_request(self, request: object, _: object) -> bool:
                callers.append(request)
                return True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2/credentials/5b1c3b0e"

    def was_called(self) -> bool:
        """Since this was asked the last time."""
        called = bool(self._callers)
        self._callers.clear()
        return called

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def commands() -> tuple[str, ...]:
    """What a build does, as the stack says it."""
    from infra.buildspec import COMMANDS  # the one module of it without the CDK

    return COMMANDS


class Job:
    """A build; leaving the context ends every process in the box.

    Args:
        box: where it runs.
        variables: those of its project, those of its start, and where its credentials are.
        folder: where its output goes.

    Attributes:
        users: who each program ran as, as far as it was seen: pairs of name and user id.
    """

    def __init__(self, box: JobBox, variables: Mapping[str, str], folder: Path) -> None:
        self._answer, self._log = folder / "answer", folder / "log"
        self.users: set[tuple[str, int]] = set()
        with self._answer.open("wb") as answer, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                box.argv("\n".join(commands()), variables),
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=log,
            )

    def result(self) -> dict[str, Any]:
        """Wait for its end: what it answered."""
        give_up = time.monotonic() + SECONDS
        while self._process.poll() is None:
            assert time.monotonic() < give_up, self.log()
            self.descendants()
            time.sleep(0.005)
        assert self._process.returncode == 0, self.log()
        answer: dict[str, Any] = json.loads(self._answer.read_text())
        return answer

    @contextmanager
    def stopped_at(
        self, *programs: str, when: Callable[[psutil.Process], bool]
    ) -> Iterator[Stopped]:
        """Stop each of these programs at that moment; leaving the context lets them go on."""
        with (
            ThreadPoolExecutor(1) as pool,
            stopping(pool.submit(self.result), self.descendants, programs, when) as stopped,
        ):
            yield stopped

    def descendants(self) -> list[psutil.Process]:
        """Every process in the box."""
        found = list[psutil.Process]()
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self._process.pid).children(recursive=True)
        for each in found:
            with suppress(psutil.NoSuchProcess):
                # What has not become its program yet is still a copy of the job.
                program, *arguments = each.cmdline() or [""]
                is_itself = Path(program).name == each.name()
                if is_itself and arguments != ["--version"]:  # which reads nothing
                    self.users.add((each.name(), each.uids().real))
        return found

    def log(self) -> str:
        """All that it has written to its log so far."""
        return self._log.read_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        inside = self.descendants()
        self._process.kill()
        self._process.wait()
        _gone, alive = psutil.wait_procs(inside, timeout=5)
        assert not alive, alive
