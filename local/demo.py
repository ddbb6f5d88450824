"""The main job from end to end, on this machine: `make demo`.

A real PostgreSQL with a database like Spec-Drive's, the real stack deployed by the real CDK CLI to
a local AWS that enforces IAM and TLS, a scheduled and a manual backup through AWS's own APIs, and
a restore with nothing but stock pg_restore, compared with the source. Nothing is left behind.
"""

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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from botocore.config import Config
from psycopg import sql
from rich.console import Console
from rich.text import Text

from layers.postgres import client_layer
from layers.python import dependency_layer
from layers.target import Platform
from lifeboat.errors import LifeboatError
from lifeboat.policy.inventory import Inventory
from lifeboat.policy.manifest import Manifest
from lifeboat.policy.names import MANIFEST
from lifeboat.postgres.census import read_sequences, take_inventory
from lifeboat.postgres.snapshot import list_relations
from local import sample
from local.aws import LocalAws
from local.postgres import PostgresServer
from local.tables import comparison, listing

MAJOR = 18
MEGABYTES = 20
PASSWORD = "only-for-this-demo"  # noqa: S105  # of a role on a server that lives for a minute
SOURCE, COPY = "spec_drive", "spec_drive_restored"
REPOSITORY = Path(__file__).parents[1]
SCHEDULE_SECONDS = 60

console = Console(highlight=False)


class DemoError(LifeboatError):
    """A step of the demo did not do what it should."""

    safe_by_default = "Everything that the demo started has been stopped and removed."


@dataclass(frozen=True)
class Scene:
    """What is up once the stack is deployed."""

    aws: LocalAws
    server: PostgresServer
    vault: str
    function: str


def main() -> None:
    """Tell the story; exit with 1 and the next step when a part of it fails."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    begun = time.monotonic()
    console.print("\n[bold]Lifeboat[/]: PostgreSQL backups that are proven by restoring them.\n")
    try:
        with ExitStack() as stack:
            scene = _set_up(stack)
            scheduled = _scheduled_backup(scene)
            manual = _manual_backup(scene)
            _show_vault(scene)
            _prove(scene, scheduled, stack)
    except KeyboardInterrupt:
        console.print("\nInterrupted. Everything that was started has been stopped and removed.")
        sys.exit(130)
    except LifeboatError as error:
        console.print(Text(f"\n{error}", style="red"))
        sys.exit(1)
    console.print(
        f"\n[green]The restored copy is equal to the source.[/] The manual backup {manual.label!r}"
        f" is kept {'forever' if manual.retention.expires is None else 'for a while'}."
        f" {time.monotonic() - begun:.0f} s in all; nothing is left behind."
        "\nNext: the README's five minutes to your own account.\n"
    )


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def step(title: str) -> Iterator[None]:
    """Show what is under way, and how long it took."""
    begun = time.monotonic()
    with console.status(title):
        yield
    console.print(f"[green]✓[/] {title} [dim]{time.monotonic() - begun:.1f} s[/]")


def _set_up(stack: ExitStack) -> Scene:
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
    architecture = Platform.of_host().architecture
    with step("Layers: pg_dump and pg_restore of five majors, the functions' dependencies"):
        client_layer(architecture)
        dependency_layer(architecture)
    assembly, outputs = root / "cdk.out", root / "outputs.json"
    with step("cdk synth: the settings checked, the templates written"):
        _cdk(
            aws,
            "synth",
            "--quiet",
            f"--output={assembly}",
            f"--context=lifeboat.databases.0.secret_arn={secret['ARN']}",
            f"--context=lifeboat.architecture={architecture}",
        )
    with step("cdk bootstrap and cdk deploy: the real stack by the real CLI"):
        synthesized = f"--app={assembly}"
        _cdk(aws, "bootstrap", f"aws://{aws.account}/{aws.region}", synthesized)
        approved = "--require-approval=never"
        _cdk(aws, "deploy", synthesized, approved, f"--outputs-file={outputs}")
    told: dict[str, str] = next(iter(json.loads(outputs.read_text()).values()))
    function = next(value for name, value in told.items() if "FunctionName" in name)
    return Scene(aws, server, told["VaultName"], function)


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


def _scheduled_backup(scene: Scene) -> Manifest:
    """Move the stack's own schedule to now; everything else about it stays as deployed."""
    scheduler = scene.aws.client("scheduler")
    known = scheduler.get_schedule(Name=scene.function)
    usual, zone = known["ScheduleExpression"], known.get("ScheduleExpressionTimezone", "UTC")
    kept = {key: known[key] for key in ("Name", "Target", "FlexibleTimeWindow")}
    at = datetime.now(UTC) + timedelta(seconds=2)
    with step(f"A scheduled backup: EventBridge Scheduler, {usual} {zone}, moved to now"):
        scheduler.update_schedule(**kept, ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})")
        key = _await_manifest(scene)
        scheduler.update_schedule(**kept, ScheduleExpression=usual, ScheduleExpressionTimezone=zone)
    return _manifest(scene, key)


def _await_manifest(scene: Scene) -> str:
    give_up = time.monotonic() + SCHEDULE_SECONDS
    while time.monotonic() < give_up:
        for found in _objects(scene):
            if found["Key"].endswith(MANIFEST):
                key: str = found["Key"]
                return key
        time.sleep(0.2)
    raise DemoError(
        f"The schedule's backup did not appear within {SCHEDULE_SECONDS} s. The end of the local"
        f" AWS's log:\n{scene.aws.log()}",
        todo="Read the log above for the function's own error.",
    )


def _manual_backup(scene: Scene) -> Manifest:
    event = {"database": "app", "tier": "manual", "label": "before-migration-42"}
    once = Config(read_timeout=960, retries={"total_max_attempts": 1})
    with step(f"A backup by hand: aws lambda invoke {scene.function}"):
        answer = scene.aws.client("lambda", config=once).invoke(
            FunctionName=scene.function, Payload=json.dumps(event)
        )
        said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise DemoError(
            f"The backup failed: {said['errorMessage']}", todo="Do what the error says."
        )
    return _manifest(scene, f"{said['backup']}/{MANIFEST}")


def _manifest(scene: Scene, key: str) -> Manifest:
    body = scene.aws.client("s3").get_object(Bucket=scene.vault, Key=key)["Body"]
    return Manifest.from_json(body.read(), key=key)


def _objects(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        scene.aws.client("s3").list_objects_v2(Bucket=scene.vault).get("Contents", [])
    )
    return found


def _show_vault(scene: Scene) -> None:
    s3 = scene.aws.client("s3")
    heads = [
        (found, s3.head_object(Bucket=scene.vault, Key=found["Key"])) for found in _objects(scene)
    ]
    console.print(
        listing(
            f"s3://{scene.vault}",
            [
                (found["Key"], found["Size"], head["ObjectLockRetainUntilDate"])
                for found, head in heads
            ],
        )
    )


def _prove(scene: Scene, manifest: Manifest, stack: ExitStack) -> None:
    """Restore with stock pg_restore and compare what came back with the source."""
    stored = manifest.archive.objects[0]
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lifeboat-restore-")))
    archive = scratch / "archive.dump"
    with step("A restore with nothing but stock pg_restore -j2"):
        scene.aws.client("s3").download_file(scene.vault, stored.key, str(archive))
        _pg_restore(scene.server, archive)
    with step("Source and copy, compared by rows and checksums"):
        source, copy = (_inventory(scene.server, name) for name in (SOURCE, COPY))
        with psycopg.connect(scene.server.url(database=COPY)) as connection:
            sequences = set(read_sequences(connection))
    console.print(comparison(source, copy))
    claimed = {(t.schema, t.name): t.rows for t in manifest.inventory.tables}
    if (
        source != copy
        or sequences != set(manifest.inventory.sequences)
        or claimed != {(t.schema, t.name): t.rows for t in copy.tables}
    ):
        raise DemoError(
            "The restored copy differs from the source, or from what its manifest claims.",
            todo="Look at the table above, and report it: this must never happen.",
        )


def _pg_restore(server: PostgresServer, archive: Path) -> None:
    done = subprocess.run(  # noqa: S603
        [
            server.programs / "pg_restore",
            "--jobs=2",
            "--exit-on-error",
            f"--dbname={COPY}",
            "--host=127.0.0.1",
            f"--port={server.port}",
            "--username=postgres",
            archive,
        ],
        env={"PGPASSWORD": server.password, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"pg_restore failed: {done.stderr}", todo="Report it.")


def _inventory(server: PostgresServer, database: str) -> Inventory:
    with psycopg.connect(server.url(database=database), autocommit=True) as connection:
        connection.execute("SET search_path = ''")
        with connection.transaction():
            return take_inventory(connection, list_relations(connection), checksums=True)


if __name__ == "__main__":
    main()
