"""How far one run walks through our files: `make walk`, or `python -m tests.walk restore`.

A run that enters many files, and makes many kinds of records on its way, is hard to follow. This
takes a backup, drills it and restores it, and counts for each: the files of ours that were entered,
the calls of ours, those that left their file, the pairs of files between which they did, and the
dataclasses that were made. Only the main thread is counted, as most that a run does in others is
waiting for S3.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import lifeboat
from layers.postgres import server_layer, server_tree
from layers.postgres.client import PREFIX
from layers.target import Platform
from lifeboat.postgres.programs import Programs
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness

MAJOR = 18
ROOT = str(Path(lifeboat.__file__).parent) + "/"
VERBS = ("backup", "drill", "restore")


class Walk:
    """Counts, as the profiler, what is called."""

    def __init__(self) -> None:
        self.files = Counter[str]()
        self.pairs = Counter[tuple[str, str]]()
        self.records = Counter[type]()

    def step(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call":
            return
        if frame.f_code.co_filename == "<string>" and frame.f_code.co_name == "__init__":
            self._made(next(iter(frame.f_locals.values())))
        elif file := _ours(frame):
            self.files[file] += 1
            caller = frame.f_back
            while caller and not _ours(caller):
                caller = caller.f_back
            if caller and (before := _ours(caller)) != file:
                self.pairs[before, file] += 1

    def _made(self, record: Any) -> None:
        kind = type(record)
        if kind.__module__.startswith("lifeboat.") and hasattr(kind, "__dataclass_fields__"):
            self.records[kind] += 1

    def report(self, verb: str, *, names: bool) -> str:
        told = (
            f"{verb}: {len(self.files)} files, {self.files.total()} calls,"
            f" {self.pairs.total()} switches between {len(self.pairs)} pairs of files,"
            f" {self.records.total()} records of {len(self.records)} kinds\n"
        )
        if names:
            told += "".join(f"  {count:4} {file}\n" for file, count in sorted(self.files.items()))
            kinds = {f"{kind.__module__}.{kind.__name__}": n for kind, n in self.records.items()}
            told += "".join(f"  {count:4} {kind}\n" for kind, count in sorted(kinds.items()))
        return told


def _ours(frame: FrameType) -> str:
    """The file's path in the package; empty for others' files."""
    name = frame.f_code.co_filename
    return name.removeprefix(ROOT) if name.startswith(ROOT) else ""


@contextmanager
def walking() -> Iterator[Walk]:
    walk = Walk()
    sys.setprofile(walk.step)
    try:
        yield walk
    finally:
        sys.setprofile(None)


def measure(root: Path) -> dict[str, Walk]:
    """One backup of a small database, its drill, and its restore beside it; by their verbs."""
    walks = {}
    for folder in ("postgres", "aws", "place"):
        (root / folder).mkdir()
        (root / folder).chmod(0o711)
    server = PostgresServer.start(major=MAJOR, root=root / "postgres")
    try:
        with LocalAws.start(root=root / "aws") as aws:
            database = Database.create(server, "app")
            database.run(
                "CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL)",
                "INSERT INTO users (email) SELECT i || '@example.com'"
                " FROM generate_series(1, 99) i",
            )
            bucket = Bucket.create(aws.client("s3"), "walked")
            programs = Programs(server_tree((MAJOR,)))
            backups = BackupHarness(database, bucket, programs, root)
            carried = Programs(server_layer(Platform.of_host().architecture) / PREFIX)
            drills = DrillHarness(backups, carried, root / "place")
            restores = RestoreHarness(backups, programs, root / "place")
            runs = (backups.take, drills.hold, restores.restore)
            for verb, run in zip(VERBS, runs, strict=True):
                with walking() as walks[verb]:
                    run()
    finally:
        server.stop()
    return walks


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.walk", description=__doc__)
    parser.add_argument("verb", choices=VERBS, nargs="?", help="names its files and records, too")
    chosen = parser.parse_args().verb
    with tempfile.TemporaryDirectory(prefix="walk-", dir="/tmp") as root:
        Path(root).chmod(0o711)
        for verb, walk in measure(Path(root)).items():
            if chosen in (None, verb):
                sys.stdout.write(walk.report(verb, names=verb == chosen))


if __name__ == "__main__":
    main()
