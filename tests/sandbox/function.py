"""A function as Lambda runs it: AWS's emulator and AWS's Python client, in the box."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from local.ports import free_port
from tests.sandbox.box import EMULATOR, PYTHON, Box
from tests.sandbox.seccomp import filter_file

START_SECONDS = 10.0
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Shape:
    """What a function is, apart from its code and its variables.

    Attributes:
        name: as the stack calls it.
        handler: module and function, as Lambda wants them.
        memory_mb: what it is told about its memory; the box sets no limit.
        seconds: its time-out.
    """

    name: str
    handler: str
    memory_mb: int
    seconds: int = 60


@dataclass(frozen=True)
class Stopped:
    """Programs that stand still in the midst of an invocation, by their names."""

    programs: dict[str, psutil.Process]
    answer: Future[dict[str, Any]]

    def resume(self) -> None:
        """Let them go on; harmless when they are gone."""
        for process in self.programs.values():
            with suppress(psutil.NoSuchProcess):
                process.resume()


def loaded(process: psutil.Process) -> set[str]:
    """The files that it has mapped into its memory, by their paths inside the box."""
    lines = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if "/" in line}


def has_libraries(process: psutil.Process) -> bool:
    """Whether the dynamic linker has come to the last one of pg_dump and of pg_restore."""
    return any("/libcrypto" in path for path in loaded(process))


@contextmanager
def stopping(
    answer: Future[dict[str, Any]],
    descendants: Callable[[], list[psutil.Process]],
    programs: tuple[str, ...],
    when: Callable[[psutil.Process], bool],
) -> Iterator[Stopped]:
    """Stop each of these programs at some moment of a run, and let them go on in the end.

    Args:
        answer: of the run.
        descendants: gives every process of it.
        programs: their names.
        when: whether the moment has come for a process.
    """
    stopped = Stopped({}, answer)
    try:
        while missing := set(programs).difference(stopped.programs):
            assert not answer.done(), (missing, answer.result())
            for process in descendants():
                with suppress(psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
                    if process.name() in missing and when(process):
                        process.suspend()
                        stopped.programs[process.name()] = process
            time.sleep(0.002)
        yield stopped
    finally:
        stopped.resume()


class Function:
    """A deployed function with at most one environment, which stays warm between invocations.

    Use as a context manager: leaving it ends every process in the box.

    Args:
        box: where it runs.
        shape: what it is.
        variables: the function's own environment variables, and its credentials.
        log_file: where its standard output and error go.
    """

    def __init__(
        self, box: Box, shape: Shape, variables: Mapping[str, str], *, log_file: Path
    ) -> None:
        self._log_file = log_file
        self._port, runtime_port = free_port(), free_port()
        lambdas = {
            "AWS_LAMBDA_FUNCTION_NAME": shape.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(shape.memory_mb),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(shape.seconds),
        }
        command = [
            EMULATOR,
            *("--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"),
            *("--runtime-api-address", f"127.0.0.1:{runtime_port}"),
            *("--log-level", "warning"),
            *(PYTHON, "-m", "awslambdaric", shape.handler),
        ]
        filter_fd = filter_file(box.refused)
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                box.argv(command, lambdas | dict(variables), filter_fd=filter_fd),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[filter_fd],
            )
        os.close(filter_fd)

    def invoke(self, event: object) -> dict[str, Any]:
        """Invoke it and wait: what the handler returned, or the error object that Lambda makes."""
        address = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        body = json.dumps(event).encode()
        try:
            with urllib.request.urlopen(address, body, ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = b"HTTP error: " + error.read()
        assert text.startswith(b"{"), (text, self.log())  # "Task timed out" for one is no JSON
        payload: dict[str, Any] = json.loads(text)
        return payload

    @contextmanager
    def stopped_at(
        self, event: object, *programs: str, when: Callable[[psutil.Process], bool] = has_libraries
    ) -> Iterator["Stopped"]:
        """Invoke it, and stop each of these programs as soon as its libraries are loaded.

        Within the context they stand still, to be looked at; leaving it lets them go on.

        Args:
            event: what to invoke it with.
            programs: their names.
            when: another moment to stop them.
        """
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self.invoke, event)
            with stopping(answer, self.descendants, programs, when) as stopped:
                yield stopped

    def processes(self) -> list[tuple[str, int]]:
        """Everything that is in the box: names and process ids, zombies included."""
        return sorted((each.name(), each.pid) for each in self.descendants())

    def temporary_files(self) -> list[str]:
        """What lies in its /tmp."""
        pid = next(each.pid for each in self.descendants() if each.name().startswith("python"))
        return [each.name for each in Path(f"/proc/{pid}/root/tmp").iterdir()]

    def log(self) -> str:
        """All that it and the emulator have written so far."""
        return self._log_file.read_text()

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self._port)) == 0

    def descendants(self) -> list[psutil.Process]:
        """Every process in the box."""
        return psutil.Process(self._process.pid).children(recursive=True)

    def __enter__(self) -> Self:
        give_up = time.monotonic() + START_SECONDS
        while not self._listens():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < give_up, self.log()
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        inside = self.descendants()
        self._process.kill()
        self._process.wait()
        _gone, alive = psutil.wait_procs(inside, timeout=5)
        assert not alive, alive
