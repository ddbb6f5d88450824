"""The environment of the demo: a database, a local AWS, and the real stack, deployed by the CLI."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from botocore.config import Config
from psycopg import sql
from rich.console import Console

from layers.postgres import client_layer, server_layer
from layers.progress import shown_on
from layers.python import dependency_layer
from layers.target import Platform
from lifeboat.errors import LifeboatError
from local import sample
from local.aws import LocalAws
from local.postgres import PostgresServer

MAJOR = 18
MEGABYTES = 20
PASSWORD = "only-for-this-demo"  # noqa: S105  # of a role on a server that lives for a minute
SOURCE, COPY = "spec_drive", "spec_drive_restored"
REPOSITORY = Path(__file__).parents[2]

console = Console(highlight=False)


class DemoError(LifeboatError):
    """A step of the demo did not do what it should."""

    safe_by_default = "Everything that the demo started has been stopped and removed."


@dataclass(frozen=True)
class DemoEnvironment:
    """What runs once the stack is deployed.

    Attributes:
        aws: the local AWS.
        server: with the source database.
        outputs: of the stack, by name.
        admin: ARN of the secret with the superuser, which restores may use.
    """

    aws: LocalAws
    server: PostgresServer
    outputs: dict[str, str]
    admin: str

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.outputs["BackupBucketName"]

    def invoke(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        """Call a function as a person would, and give what it answers.

        Raises:
            DemoError: it failed; says what it said.
        """
        once = Config(read_timeout=960, retries={"total_max_attempts": 1})
        answer = self.aws.client("lambda", config=once).invoke(
            FunctionName=function, Payload=json.dumps(event)
        )
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise DemoError(f"{function} failed: {said['errorMessage']}", todo="Do what it says.")
        return dict(said)

    def objects(self) -> list[dict[str, Any]]:
        """Everything in the bucket, as S3 lists it."""
        listing = self.aws.client("s3").list_objects_v2(Bucket=self.bucket)
        found: list[dict[str, Any]] = listing.get("Contents", [])
        return found

    def read(self, key: str) -> bytes:
        """An object of the bucket."""
        body: bytes = self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show what is under way, and how long it took."""
    begun = time.monotonic()
    with console.status(title), shown_on(console):
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begun:.1f} s[/]")


def set_up(stack: ExitStack) -> DemoEnvironment:
    """Start everything, to be ended by the stack; about half a minute, nearly all CDK's.

    Raises:
        LifeboatError: something did not start.
    """
    root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lifeboat-demo-")))
    root.chmod(0o711)  # the database's own user has to pass through
    with step(f"PostgreSQL {MAJOR} with a database like Spec-Drive's, {MEGABYTES} MB"):
        server = stack.enter_context(PostgresServer.start(major=MAJOR, root=root))
        _create_source(server)
    with step("A local AWS, IAM and TLS enforced"):
        aws = stack.enter_context(LocalAws.start(root=root))
        url = server.url(database=SOURCE, user="lifeboat", password=PASSWORD)
        manager = aws.client("secretsmanager")
        secret = manager.create_secret(Name="spec-drive", SecretString=json.dumps({"url": url}))
        superuser = server.url(database=SOURCE)
        admin = manager.create_secret(Name="spec-drive-admin", SecretString=superuser)["ARN"]
    architecture = Platform.of_host().architecture
    with step("Layers: PostgreSQL's programs, servers of five majors, libraries"):
        client_layer(architecture)
        server_layer(architecture)
        dependency_layer(architecture)
    assembly, outputs = root / "cdk.out", root / "outputs.json"
    settings = {  # given whole, so that a lifeboat.toml in the checkout is not read
        "databases": [{"name": "app", "secret_arn": secret["ARN"]}],
        "architecture": architecture,
        "restore": {"target_secret_arns": [admin]},
        # So little time that 60 MB are too large for a function, and run as a job.
        "backup": {"timeout_minutes": 1},
        "job": {"threshold_percent": 1},
    }
    with step("cdk synth: the settings checked, the templates written"):
        _cdk(
            aws,
            "synth",
            "--quiet",
            f"--output={assembly}",
            f"--context=lifeboat={json.dumps(settings)}",
        )
    with step("cdk bootstrap and cdk deploy: the real stack by the real CLI"):
        synthesized = f"--app={assembly}"
        _cdk(aws, "bootstrap", f"aws://{aws.account}/{aws.region}", synthesized)
        approved = "--require-approval=never"
        _cdk(aws, "deploy", synthesized, approved, f"--outputs-file={outputs}")
    told: dict[str, str] = next(iter(json.loads(outputs.read_text()).values()))
    return DemoEnvironment(aws, server, told, admin)


def _create_source(server: PostgresServer) -> None:
    with server.admin() as connection:
        connection.autocommit = True
        for name in (SOURCE, COPY):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(server.url(database=SOURCE), autocommit=True) as connection:
        sample.create(connection, MEGABYTES)
        sample.backup_role(connection, "lifeboat", PASSWORD)


def _cdk(aws: LocalAws, *arguments: str) -> None:
    """Run the real CLI, in a process group of its own so that all of it ends with us."""
    with subprocess.Popen(  # noqa: S603
        [REPOSITORY / "node_modules" / ".bin" / "cdk", *arguments],
        cwd=REPOSITORY,
        env=aws.environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as cli:
        try:
            said, _ = cli.communicate()
        except BaseException:
            os.killpg(cli.pid, signal.SIGKILL)
            raise
    if cli.returncode:
        raise DemoError(
            f"cdk {arguments[0]} ended with {cli.returncode}:\n{said[-3000:]}",
            todo="Read the last lines above; `make synth` shows the same without a deployment.",
        )
