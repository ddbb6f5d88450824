"""`lifeboat download`: a backup's files, to restore it with PostgreSQL's own programs."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from lifeboat_cli.errors import CommandError
from lifeboat_cli.fetching import SAFE, Remote, fetch, read_all
from lifeboat_cli.invoke import call
from lifeboat_cli.options import command as declared
from lifeboat_cli.restore_events import backup_id
from lifeboat_cli.s3_client import s3_client
from lifeboat_cli.text import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lifeboat_cli.context import Context

_MANIFEST = "manifest.json"


@declared(sends_event=False)
@click.argument("database")
@click.argument("backup", required=False)
@click.option("--to", metavar="DIR", help="Where to; by default a new directory of its name.")
def download(context: Context, *, database: str, backup: str | None, to: str | None) -> None:
    """Download a backup, the newest by default, with your own rights.

    Each file is checked by the SHA-256 in the manifest, and has its name only when it is whole.
    Then pg_restore restores it on any machine, without Lifeboat.
    """
    backup = backup_id(database, backup) or _newest(context, database)
    client, bucket = s3_client(context.stack), context.stack.bucket
    document = read_all(client, bucket, f"{backup}/{_MANIFEST}")
    manifest = _parsed(backup, document)
    files = [_remote(bucket, each) for each in _objects(manifest)]
    folder = Path(to or f"{database}-{backup.rpartition('/')[2]}")
    _make(folder)
    with _progress(context, sum(each.bytes for each in files)) as advance:
        for each in files:
            fetched = fetch(client, each, folder / each.name, advance)
            state = "sound" if fetched else "was there already, sound"
            context.say(f"{folder / each.name}  {size(each.bytes)}, {state}")
    (folder / _MANIFEST).write_bytes(document)
    if context.options.json:
        context.show_json(
            {
                "backup": backup,
                "directory": str(folder),
                "files": [
                    {"file": each.name, "bytes": each.bytes, "sha256": each.sha256}
                    for each in files
                ],
            }
        )
    else:
        context.show(*_commands(manifest, folder, files))


command = download


def _newest(context: Context, database: str) -> str:
    """The newest backup that can be read at once."""
    answer = call(context, "restore", None, {"action": "list", "database": database})
    if answer["next_event"]:
        return str(answer["next_event"]["backup"])
    raise CommandError(
        f"No backup of {database} can be read at once.",
        safe=SAFE,
        next_step=f"lifeboat backups {database} lists what is there; thaw an archived one:"
        f" lifeboat thaw {database} BACKUP",
    )


def _parsed(backup: str, document: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(document)
        sound = bool(manifest["archive"]["objects"]) and manifest["source"]["major"]
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise CommandError(
            f"The manifest of {backup} can't be read.",
            safe=SAFE,
            next_step="Use another backup: lifeboat backups lists them.",
        )
    return manifest


def _objects(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from manifest["archive"]["objects"]
    if manifest.get("globals"):
        yield manifest["globals"]


def _remote(bucket: str, stored: dict[str, Any]) -> Remote:
    return Remote(
        bucket=bucket,
        key=stored["key"],
        version=stored.get("version_id"),
        bytes=stored["bytes"],
        sha256=stored["sha256"],
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"Could not make the directory {folder}: {error.strerror}.",
            safe=SAFE,
            next_step="Name another one: --to DIR",
        ) from None


@contextmanager
def _progress(context: Context, total: int) -> Iterator[Callable[[int], None]]:
    """One living line in a terminal; nothing elsewhere."""
    shown = context.err.is_terminal and not context.options.quiet
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=context.err, disable=not shown, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.update(task, advance=count)


def _commands(manifest: dict[str, Any], folder: Path, files: Sequence[Remote]) -> Iterator[str]:
    major, place = manifest["source"]["major"], shlex.quote(str(folder))
    roles = any(each.name == "globals.sql" for each in files)
    yield f"Restore it with the programs of PostgreSQL {major} or later, such as:"
    yield "  psql '<URL of any database there>' -c 'CREATE DATABASE restored'"
    yield f"  pg_restore --no-owner --dbname='<URL of restored>' {place}/archive.dump"
    if roles:
        yield "With owners and grants: first the roles, and then without --no-owner:"
        yield f"  psql '<URL of any database there>' -f {place}/globals.sql"
