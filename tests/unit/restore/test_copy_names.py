"""Names of the databases that a restore makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.restore.policy.copy_names import Kind, name_of, parse_copy_name
from tests.support.samples import SLOT, SLOTS

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=63)
KINDS = st.sampled_from(["restored", "tables", "before"])


def test_a_name_needs_no_quotes_and_tells_kind_and_time() -> None:
    assert name_of("app", "restored", SLOT) == "app_restored_20261122t020000z"


@given(NAMES, KINDS, SLOTS)
def test_what_a_name_tells_is_what_it_was_made_of(live: str, kind: Kind, moment: object) -> None:
    name = name_of(live, kind, moment)  # type: ignore[arg-type]
    assert len(name.encode()) <= 63
    copy = parse_copy_name(name)
    assert copy is not None
    assert (copy.kind, copy.moment) == (kind, moment)
    assert live.startswith(copy.base)
    assert copy.base == live or copy.is_cut


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "app_restored",
        "_restored_20261122t020000z",
        "app_restored_20261322t020000z",
        "app_dropped_20261122t020000z",
        "app_restored_20261122T020000Z",
    ],
)
def test_other_names_tell_nothing(name: str) -> None:
    assert parse_copy_name(name) is None


@given(NAMES, KINDS, SLOTS)
def test_a_name_is_known_as_that_of_its_database(live: str, kind: Kind, moment: object) -> None:
    copy = parse_copy_name(name_of(live, kind, moment))  # type: ignore[arg-type]
    assert copy is not None
    assert copy.is_of(live)


def test_a_name_is_not_that_of_another_database() -> None:
    copy = parse_copy_name("app_restored_20261122t020000z")
    assert copy is not None
    assert not copy.is_of("shop")
    assert not copy.is_of("ap")
