"""Settings that make no sense, as synth reads them out of lifeboat.toml and the command line."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import SettingsError
from lifeboat.settings import DatabaseSettings, Settings, parse
from tests.support import invariants
from tests.support.bad_settings import (
    ARN,
    HERE,
    KEY_ARN,
    NETWORK,
    TARGET,
    with_database,
    with_query,
)
from tests.support.strategies import FUZZ_SETTINGS, JSON, ODD, WORDS, broken

pytestmark = pytest.mark.fault("input")

BAIT = "bait-4711"
MOST_WORDS = 10_000
"""Characters of an error that lists everything wrong."""

WHOLE = with_database(
    validation=with_query()["databases"][0]["validation"],
    cron="0 2 * * ? *",
    timezone="Europe/Berlin",
    secret_key_arn=KEY_ARN,
    exclude_table_data=["public.logs", 'public."Odd Name"'],
) | {
    "retention": {"daily": {"days": 40}, "weekly": {"days": 90, "hot_days": 10, "lock_days": 9}},
    "encryption": KEY_ARN,
    "object_lock": "governance",
    "architecture": "arm64",
    "network": NETWORK,
    "backup": {"memory_mb": 512, "compression": "zstd:3"},
    "drill": {"enabled": True, "cron": "0 5 ? * MON *", "target_secret_arns": [TARGET]},
    "monitor": {"cron": "15 * * * ? *", "history": 7},
    "alerts": {"emails": ["oncall@example.com"], "slack": False, "topic_key_arn": KEY_ARN},
    "restore": {"target_secret_arns": [TARGET], "thaw_tier": "Bulk"},
}
SMALL = {"databases": [{"name": "app", "secret_arn": ARN}]}
KEYS = (*Settings.model_fields, *DatabaseSettings.model_fields, "days", "memory_mb", "lock_days")
URL = f"postgresql://lifeboat:{BAIT}@db.example.com/app"
PASTED = (
    URL,
    f"host=db.example.com password={BAIT}",
    {"username": "lifeboat", "password": BAIT},
    [URL],
)
"""What people paste where an ARN should be."""

CRON = st.lists(
    st.text(alphabet="0123456789*?/,-LW#SUNMOJA", max_size=8)
    | st.sampled_from(
        ["*", "?", "0", "1/0", "0/99999999", "1-99999999999", "9" * 5_000, "L", "MON"]
    )
)


def require_clear(error: SettingsError) -> None:
    """Each line names a key, and says what it has and what it may be, or which keys there are."""
    words = str(error)
    assert error.todo
    assert len(words) <= MOST_WORDS, words[:2000]
    assert words.replace("\n", "").isprintable(), ascii(words[:2000])
    invariants.require_no_secret([BAIT], invariants.texts_of(error))
    lines = [line for line in error.what.splitlines() if line.startswith("  - ")]
    assert lines
    assert "Input should" not in words  # pydantic's own words, for programmers
    told = r"  - lifeboat.*( is .*; it may be | is missing: | is unknown|"
    for line in lines:
        assert re.match(told + " cannot be set: )", line) or "more" in line, line


def offer(context: Mapping[str, object]) -> bool:
    """Whether the settings are refused, and then as they should be."""
    try:
        settings = parse(context, deployment=HERE)
    except SettingsError as error:
        require_clear(invariants.told(error))
        return True
    text = settings.model_dump_json(exclude_defaults=True)
    assert Settings.model_validate_json(text) == settings
    return False


def test_the_settings_that_are_broken_here_are_good_ones() -> None:
    assert not offer({"lifeboat": WHOLE})
    assert not offer({"lifeboat": SMALL})


def test_broken_settings_are_refused_key_by_key_or_still_make_sense() -> None:
    refused: list[bool] = []

    @type(FUZZ_SETTINGS)(FUZZ_SETTINGS, max_examples=400)
    @given(broken((WHOLE, WHOLE, SMALL), KEYS).map(json.dumps))
    def give(text: str) -> None:
        refused.append(offer({"lifeboat": json.loads(text)}))

    give()
    assert len(refused) >= 400
    assert sum(refused) >= 250
    assert refused.count(False) >= 10


def test_whatever_stands_in_the_command_line_is_taken_or_refused_by_its_key() -> None:
    refused: list[bool] = []
    parts = st.sampled_from((*KEYS, "0", "1", "-1", "99", "", *WORDS))
    path = st.lists(parts, max_size=4).map(lambda found: ".".join(["lifeboat", *found]))
    value = st.text(max_size=30) | ODD.map(json.dumps) | ODD

    @FUZZ_SETTINGS
    @given(st.dictionaries(path, value, max_size=3).map(json.dumps))
    def give(text: str) -> None:
        refused.append(offer({"lifeboat": SMALL} | json.loads(text)))

    give()
    assert len(refused) >= 150
    assert sum(refused) >= 100


def test_a_cron_is_one_that_fires_or_is_refused_without_a_long_wait() -> None:
    refused: list[bool] = []

    @FUZZ_SETTINGS
    @given(CRON.map(" ".join))
    def give(cron: str) -> None:
        refused.append(offer({"lifeboat": {**SMALL, "monitor": {"cron": cron}}}))

    give()
    assert len(refused) >= 100
    assert sum(refused) >= 90


@pytest.mark.parametrize("value", PASTED, ids=["url", "conninfo", "json", "list"])
def test_a_secret_that_was_pasted_into_the_settings_is_never_repeated(value: Any) -> None:
    """As a value of any key, as a key, and on the command line."""
    text = value if isinstance(value, str) else json.dumps(value)
    places: list[dict[str, object]] = [
        {"lifeboat": value},
        {"lifeboat": text},
        {"lifeboat": {**SMALL, "encryption": value}},
        {"lifeboat": {**SMALL, text: 1}},
        {"lifeboat": {**SMALL, "backup": {text: value}}},
        {"lifeboat": {"databases": value}},
        {"lifeboat": {"databases": [value]}},
        {"lifeboat": {"databases": [{"name": "app", "secret_arn": value}]}},
        {"lifeboat": {"databases": [{"name": value, "secret_arn": ARN}]}},
        {"lifeboat": SMALL, "lifeboat.databases.0.secret_arn": value},
        {"lifeboat": SMALL, f"lifeboat.{text}": "1"},
        {"lifeboat": SMALL, f"lifeboat.databases.{text}": "1"},
        {"lifeboat": SMALL, f"lifeboat.databases.0.secret_arn.{text}": "1"},
    ]
    assert all(offer(context) for context in places)


def test_thousands_of_mistakes_are_reported_in_a_few_screenfuls() -> None:
    many = {f"key-{number}": JSON for number in range(10_000)}
    assert offer({"lifeboat": {**SMALL, **dict.fromkeys(many, 1)}})
    assert offer({"lifeboat": {"databases": [{"name": "app"}] * 10_000}})
    assert offer({"lifeboat": {**SMALL, "k" * 100_000: 1}})
    assert offer({"lifeboat": SMALL, "lifeboat." + "k" * 100_000: 1})
    assert offer({"lifeboat": SMALL} | {f"lifeboat.databases.x{n}": "1" for n in range(10_000)})
