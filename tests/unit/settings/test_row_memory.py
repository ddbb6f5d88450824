"""How much memory the largest row needs."""

import pytest

from lifeboat.settings.row_memory import needed_mb, row_memory

MIB = 1 << 20


def test_nobody_is_told_of_rows_that_fit_or_are_unknown() -> None:
    assert row_memory("backup", 1769, None, None) is None
    assert row_memory("backup", 128, 0, None) is None
    assert row_memory("backup", 1769, 100 * MIB, "public.t") is None


def test_a_backup_needs_the_row_and_a_buffer_that_doubles() -> None:
    assert needed_mb("backup", 128 * MIB) - needed_mb("backup", 64 * MIB) == 128
    assert needed_mb("backup", 129 * MIB) - needed_mb("backup", 128 * MIB) == 1 + 128


def test_a_row_that_needs_more_than_80_percent_is_told_of_with_figures_and_a_setting() -> None:
    needed = needed_mb("backup", 100 * MIB)
    assert row_memory("backup", round(needed / 0.8) + 1, 100 * MIB, "public.t") is None
    short = row_memory("backup", round(needed / 0.8) - 1, 100 * MIB, "public.t")
    assert short is not None
    assert "in public.t, has 105 MB as text" in short.fact
    assert f"up to {needed:,} MB of memory" in short.fact
    assert "backup.memory_mb to" in short.warning


@pytest.mark.parametrize("function", ["backup", "drill"])
@pytest.mark.parametrize("megabytes", [100, 500])
def test_what_it_says_to_set_is_enough(function: str, megabytes: int) -> None:
    short = row_memory(function, 256, megabytes * MIB, "public.t")  # type: ignore[arg-type]
    assert short is not None
    size = int(short.advice[0].split(" to ")[1].split()[0])
    assert size % 512 == 0
    assert row_memory(function, size, megabytes * MIB, "public.t") is None  # type: ignore[arg-type]
    assert row_memory(function, size - 512, megabytes * MIB, "public.t")  # type: ignore[arg-type]


def test_the_most_that_lambda_has_is_advised_where_it_is_enough() -> None:
    short = row_memory("drill", 3008, 1000 * MIB, "public.t")
    assert short is not None
    assert "drill.memory_mb to 10240" in short.warning


def test_more_memory_than_lambda_has_is_not_advised() -> None:
    short = row_memory("drill", 3008, 3000 * MIB, "public.t")
    assert short is not None
    assert "Raise" not in short.warning
