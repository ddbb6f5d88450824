"""Run what judges time on other days: all of them, or one that is drawn from a commit's hash.

python -m tests.dates [--drawn COMMIT]
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

from layers.build import BUILD
from layers.postgres.lock import read
from layers.postgres.shim import SHIM, compile_shim
from layers.target import Platform
from local.clock import VARIABLES
from tests.dates import days

TREE = BUILD.parent
FEW = (
    "tests/unit",
    "tests/stack/test_alerts.py",
    "tests/faults/test_foreign_objects.py",
    "tests/integration/test_the_monitor_tells.py",
    "tests/integration/test_what_the_monitor_sees.py",
)
ALL = (
    *(
        "tests/unit",
        "tests/stack",
        "tests/faults",
        "tests/restore",
        "tests/deployed/test_monitor.py",
    ),
    *FEW[3:],
)
TIMELESS = (
    "tests/unit/test_fault_report.py",
    "tests/unit/test_no_text_takes_long.py",
    "tests/unit/test_reference.py",
    "tests/unit/test_types_of_the_cdk.py",
    "tests/unit/test_wide_bucket.py",
)
"""Dear ones that look at no clock: at the list of faults, at patterns, at models, at types, at
memory.
"""


def main() -> int:
    """Give how many days failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.dates")
    parser.add_argument("--drawn", metavar="COMMIT", help="one day, and what is cheap")
    commit = parser.parse_args().drawn
    chosen = days.drawn(commit, 1) if commit else list(days.DAYS)
    library = _library()
    failed = []
    for day in chosen:
        _say(f"\n{day:%A %Y-%m-%d %H:%M} UTC: {days.DAYS[day]}")
        if _run(day, library, FEW if commit else ALL):
            failed.append(day)
    for day in failed:
        _say(f"failed on {day:%Y-%m-%d %H:%M} UTC: {days.DAYS[day]}")
    return len(failed)


def _library() -> str:
    """The clock, compiled by the compiler that builds the layers."""
    if not Platform.of_host().is_linux:
        sys.exit("make test-dates needs Linux: its clock is a library for LD_PRELOAD.")
    into = BUILD / "clock"
    into.mkdir(parents=True, exist_ok=True)
    source = TREE / "tests" / "dates" / "clock.c"
    compile_shim(into, Platform.of_host().architecture, read(), build=BUILD, source=source)
    return str((into / SHIM).resolve())


def _run(day: datetime, library: str, tests: tuple[str, ...]) -> int:
    ahead = int((day - datetime.now(UTC)).total_seconds())
    clock = dict(zip(VARIABLES, (library, str(ahead)), strict=True))
    started = time.monotonic()
    done = subprocess.run(  # our own tests
        [
            *(sys.executable, "-m", "pytest", "--timeout=300", "--quiet", "--numprocesses=3"),
            *("-p", "no:cacheprovider", *tests, *(f"--ignore={each}" for each in TIMELESS)),
        ],
        cwd=TREE,
        env=os.environ | clock,
        check=False,
    )
    _say(f"{time.monotonic() - started:.0f} s")
    return done.returncode


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # what the person or the log of CI sees of it


if __name__ == "__main__":
    sys.exit(main())
