"""The monitor's memory does not grow with the history, nor with the databases."""

import subprocess
import sys


def megabytes(databases: int, tables: int, history: int) -> int:
    argv = ["-m", "tests.wide_bucket", *map(str, (databases, tables, history))]
    done = subprocess.run([sys.executable, *argv], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_longer_history_and_more_databases_take_no_more_memory() -> None:
    few = megabytes(1, 6_000, 3)
    assert megabytes(1, 6_000, 30) < few + 25  # kept whole, it was 70 MB more
    assert megabytes(6, 6_000, 5) < few + 45
