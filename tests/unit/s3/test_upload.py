"""How large the parts of an upload are."""

from lifeboat.s3.upload import part_size, parts_in_flight

S3_MOST_PARTS = 10_000
S3_LARGEST_PART = 5 << 30
S3_SMALLEST_PART = 5 << 20


def test_ten_thousand_parts_hold_the_largest_archive_that_pg_dump_can_write_here() -> None:
    sizes = [part_size(number) for number in range(1, S3_MOST_PARTS + 1)]
    assert sum(sizes) > 5 << 40
    assert min(sizes) >= S3_SMALLEST_PART
    assert max(sizes) <= S3_LARGEST_PART


def test_parts_stay_small_while_a_function_can_still_send_them() -> None:
    seventy_gb, sent, number = 70 * 10**9, 0, 0
    while sent < seventy_gb:
        number += 1
        sent += part_size(number)
    assert part_size(number) <= 64 << 20


def test_what_is_held_in_memory_stays_small_beside_a_machine_of_the_archives_size() -> None:
    held = {
        number: (1 + parts_in_flight(part_size(number))) * part_size(number)
        for number in (1, 4_001, 6_001, 7_001)
    }
    assert held == {1: 32 << 20, 4_001: 512 << 20, 6_001: 1 << 30, 7_001: 2 << 30}
