"""Random races for as long as they are given: which statements, and when, is drawn.

    make races SECONDS=600          python -m tests.races --seconds 600 --seed 7

What was published has to be what the source was at some moment, and restore without an error.
"""

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from layers.postgres import server_tree
from lifeboat.errors import LifeboatError, SchemaChangingError
from lifeboat.postgres.programs import Programs
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.races.course import (
    ENOUGH_ROWS,
    Look,
    Racer,
    Start,
    differences,
    drop_roles,
    line_up,
    look,
    restored,
    run,
)
from tests.races.functions import FUNCTIONS
from tests.races.harmless import PASSING, WAITING
from tests.races.relations import RELATIONS
from tests.races.types import TYPES
from tests.support.backup_harness import MAJORS, BackupHarness, Bucket, Database

_NUMBERS = count(1)
_STORM_PAUSE = 0.04


@dataclass
class Race:
    """One backup and what is done meanwhile.

    Attributes:
        backups: takes it.
        racers: what is done.
        when: before pg_dump, while it sends rows, at a drawn moment, or all the time.
        states: what the source was, from the first look on.
        begun_anew: how often, as the log says.
    """

    backups: BackupHarness
    racers: list[Racer]
    when: str
    states: list[Look] = field(default_factory=list)
    begun_anew: int = 0

    def act(self) -> None:
        """Each statement by itself, and a look after it."""
        for racer in self.racers:
            with suppress(psycopg.errors.UndefinedObject):
                run(self.backups.database, [racer])
            self.states.append(look(self.backups.database))

    @contextmanager
    def under_way(self, patches: pytest.MonkeyPatch, draw: random.Random) -> Iterator[None]:
        """Have it done while the block runs."""
        if self.when in ("before", "during"):
            Start(self.when).give(patches, self.act)
            yield
            return
        over, delay = threading.Event(), draw.uniform(0, 1.5)

        def once() -> None:
            over.wait(delay)
            self.act()

        def storm() -> None:
            turn = count()
            while not over.wait(_STORM_PAUSE):
                run(self.backups.database, self.racers, back=next(turn) % 2 == 1)

        if self.when == "all the time":
            run(self.backups.database, self.racers)
            self.states.append(look(self.backups.database))
            run(self.backups.database, self.racers, back=True)
        thread = threading.Thread(target=storm if self.when == "all the time" else once)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def log(self, _event: str, _details: Mapping[str, object]) -> None:
        self.begun_anew += 1


def drawn(draw: random.Random, server: PostgresServer, bucket: Bucket, root: Path) -> Race:
    """A race, in a database of its own."""
    database = Database.create(server, f"race{next(_NUMBERS)}")
    when = draw.choice(("before", "during", "at some moment", "all the time"))
    known = [
        k for k in (*TYPES, *FUNCTIONS, *RELATIONS, *PASSING, *WAITING) if k.since <= server.major
    ]
    if when == "all the time":
        kinds = [draw.choice([kind for kind in known if kind.back])]
    else:
        kinds = draw.sample(known, draw.choice((1, 1, 1, 2, 3)))
    racers = line_up(database, kinds, rows=draw.choice((10, ENOUGH_ROWS)))
    backups = BackupHarness(database, bucket, Programs(server_tree(MAJORS)), root)
    return Race(backups, racers, when, [look(database)])


def judged(race: Race, patches: pytest.MonkeyPatch, draw: random.Random) -> str:
    """How it ended; begins with WRONG where what was published isn't what was."""
    database = race.backups.database
    try:
        with race.under_way(patches, draw):
            race.backups.take(log=race.log)
    except SchemaChangingError:
        race.backups.assert_nothing_was_published()
        return "refused"
    except LifeboatError as error:
        return f"failed: {type(error).__name__}: {error.what[:200]}"
    finally:
        patches.undo()
    copy = Database.create(database.server, f"{database.name}_copy")
    try:
        found, errors = restored(race.backups, copy)
    finally:
        copy.drop()
    if errors:
        return f"WRONG: {errors[:300]}"
    if found not in race.states:
        return f"WRONG: {list(differences(found, race.states[-1]))}"
    return "published, begun anew" if race.begun_anew else "published"


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> int:
    """Race; how many were wrong is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--majors", type=int, nargs="*", default=MAJORS)
    asked = parser.parse_args()
    _say(f"seed {asked.seed}")
    draw = random.Random(asked.seed)  # noqa: S311  # no secret is drawn
    ends, wrong = time.monotonic() + asked.seconds, 0
    ended = Counter[str]()
    with tempfile.TemporaryDirectory(prefix="races-") as name:
        root = Path(name)
        root.chmod(0o711)
        with LocalAws.start(root=root) as aws:
            servers = {m: PostgresServer.start(major=m, root=root) for m in asked.majors}
            try:
                while time.monotonic() < ends:
                    server = servers[draw.choice(asked.majors)]
                    number = sum(ended.values())
                    bucket = Bucket.create(aws.client("s3"), f"races-{number}")
                    race = drawn(draw, server, bucket, root)
                    how = judged(race, pytest.MonkeyPatch(), draw)
                    race.backups.database.drop()
                    drop_roles(race.backups.database)
                    ended[how.partition(":")[0]] += 1
                    if how.startswith(("WRONG", "failed")):
                        wrong += how.startswith("WRONG")
                        names = ", ".join(racer.kind.name for racer in race.racers)
                        _say(f"{number}: {server.major}, {race.when}, {names}: {how}")
            finally:
                for server in servers.values():
                    server.stop()
    _say(f"seed {asked.seed}, {sum(ended.values())} races: {dict(ended)}")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
