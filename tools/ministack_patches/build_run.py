"""The life of one build: its turn, its phases, its processes, its end."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from tools.ministack_patches import build_room, buildspec, roles
from tools.ministack_patches.build_log import BuildLog, NoLog
from tools.ministack_patches.build_progress import BuildProgress
from tools.ministack_patches.build_record import BuildRecord, Ended
from tools.ministack_patches.build_turns import TURNS, Kind, Turn

MINUTE_SECONDS = float(os.environ.get("LIFEBOAT_BUILD_MINUTE") or 60)
"""How long a minute of a build's limits lasts; shorter in tests."""

SUPERVISOR = Path(__file__).parents[2] / "local" / "supervisor.py"

STOPPED = Ended("STOPPED", "BUILD_STOPPED", "Build was stopped.")
TIMED_OUT = Ended("TIMED_OUT", "BUILD_TIMED_OUT", "Build has timed out. ")


class BuildRun:
    """A build that has been submitted.

    Args:
        build: its record, kept up to date.
        account: whose it is.
        region: where.
    """

    def __init__(self, build: BuildRecord, account: str, region: str) -> None:
        self.build = build
        self._region = region
        self._uuid = build["id"].rpartition(":")[2]
        self._credentials = roles.assume(
            account, build["serviceRole"], f"AWSCodeBuild-{self._uuid}"
        )
        self._log: BuildLog | NoLog = NoLog()
        self._turn = threading.Lock()
        self._end: Ended | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def kind(self) -> Kind:
        """What its limit of concurrent builds depends on."""
        environment = self.build["environment"]
        return environment.get("type", ""), environment.get("computeType", "")

    def end(self, why: Ended) -> None:
        """End it and all its processes now; harmless when repeated.

        AWS documents no signal. The end of a container is a SIGKILL for all that is in it.
        """
        with self._turn:
            self._end = self._end or why
            if self._process and self._process.stdin:
                self._process.stdin.close()  # which is what its supervisor waits for
        TURNS.look_again()

    def live(self, changed: Callable[["BuildRun"], None]) -> None:
        """Run it to its end; `changed` is called when its status has changed."""
        changed(self)
        with self.build.phase("SUBMITTED"):
            pass
        status = "FAULT"
        try:
            with TURNS.turn(self.kind) as turn:
                with self.build.phase("QUEUED"):
                    self._await(turn)
                status = self._run()
        except Ended as early:
            status = early.status
        except Exception:  # noqa: BLE001 - this local AWS's own fault; the cause is in its log
            traceback.print_exc()
        self.build.finish(status)
        changed(self)

    def _await(self, turn: Turn) -> None:
        seconds = self.build["queuedTimeoutInMinutes"] * MINUTE_SECONDS
        if not turn(seconds, lambda: self._end is not None):
            raise self._end or TIMED_OUT

    def _run(self) -> str:
        seconds = self.build["timeoutInMinutes"] * MINUTE_SECONDS
        timer = threading.Timer(seconds, self.end, [TIMED_OUT])
        timer.daemon = True
        timer.start()
        directory = Path(tempfile.mkdtemp(prefix="build-"))  # below the server's own TMPDIR
        try:
            with self.build.phase("PROVISIONING"):
                self._open_log()
            return self._run_in(directory)
        finally:
            timer.cancel()
            self._log.close()
            rmtree(directory)

    def _open_log(self) -> None:
        wanted = (self.build.get("logsConfig") or {}).get("cloudWatchLogs") or {}
        if wanted.get("status") == "DISABLED":
            return
        group = wanted.get("groupName") or f"/aws/codebuild/{self.build['projectName']}"
        stream = "/".join(filter(None, [wanted.get("streamName"), self._uuid]))
        try:
            self._log = BuildLog(self._credentials.client("logs", self._region), group, stream)
        except (BotoCoreError, ClientError) as error:
            text = (
                f"Service role {self._credentials.role} does not allow AWS CodeBuild to create"
                f" Amazon CloudWatch Logs log streams for build {self.build['arn']}."
                f" Error message: {error}"
            )
            raise Ended("FAILED", "ACCESS_DENIED", text) from error
        self.build.update(logs=self.build["logs"] | {"groupName": group, "streamName": stream})
        self.build.note = self._log.note

    def _run_in(self, directory: Path) -> str:
        try:
            with self.build.phase("DOWNLOAD_SOURCE"):
                try:
                    spec = buildspec.read(self.build["source"].get("buildspec") or "")
                except buildspec.BuildspecError as error:
                    raise Ended("FAILED", "YAML_FILE_ERROR", str(error)) from error
                client = self._credentials.client("s3", self._region)
                sources = build_room.download(self.build, client, directory)
            with roles.served(self._credentials) as url:
                environment = build_room.environment(
                    self.build, directory, spec.variables, region=self._region, url=url
                )
                where = {name: str(path) for name, path in sources.items()}
                self._run_phases(directory, spec, environment | where)
            with self.build.phase("UPLOAD_ARTIFACTS"):
                pass
        finally:
            with self.build.phase("FINALIZING"):
                pass
        return "FAILED" if self.build.failed() else "SUCCEEDED"

    def _run_phases(
        self, directory: Path, spec: buildspec.Buildspec, environment: dict[str, str]
    ) -> None:
        phases: Sequence[str] = buildspec.PHASES
        while phases:
            whole = self._run_shell(directory, spec, environment, phases)
            if not whole and self.build["currentPhase"] != "BUILD":
                raise Ended("FAILED")
            # POST_BUILD follows a BUILD that failed, also by ending the shell: then in another.
            phases = () if whole else ("post_build",)
            environment["CODEBUILD_BUILD_SUCCEEDING"] = "0"

    def _run_shell(
        self,
        directory: Path,
        spec: buildspec.Buildspec,
        environment: Mapping[str, str],
        phases: Sequence[str],
    ) -> bool:
        """Run phases in a shell; returns whether it came to its end.

        Raises:
            Ended: the build was stopped, or its time is up.
        """
        mark = uuid4().hex
        process = self._start(directory, buildspec.program(spec, phases, mark), environment)
        assert process.stdout is not None  # noqa: S101 - for mypy
        progress = BuildProgress(self.build, self._log, spec)
        for raw in process.stdout:
            line = raw.decode(errors="replace").removesuffix("\n")
            for kind, value in buildspec.said(line, mark):
                progress.hear(kind, value)
        progress.ended(process.wait(), self._end)
        if self._end:
            raise self._end
        return progress.whole

    def _start(
        self, directory: Path, program: str, environment: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a shell whose processes all end when it does, and when we do."""
        ours = directory / "shell"
        ours.mkdir()
        (ours / "program.sh").write_text(program)
        order = {
            "argv": ["/bin/sh", str(ours / "program.sh")],
            "user": None,
            "owns": str(ours),
            "signal": int(signal.SIGKILL),
            "grace": 0,
        }
        with self._turn:
            if self._end:
                raise self._end
            self._process = subprocess.Popen(  # noqa: S603 - what the project says
                [sys.executable, "-I", str(SUPERVISOR), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=environment["CODEBUILD_SRC_DIR"],
            )
        return self._process
