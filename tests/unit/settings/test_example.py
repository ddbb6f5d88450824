"""lifeboat.example.toml is equal to the settings: each key is there, with its default."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from lifeboat.errors import SettingsError
from lifeboat.model.tiers import Tier
from lifeboat.settings import Retention, Settings, TierRetention, parse
from lifeboat.settings.context import STACK_KEY, _models_in
from tests.support.bad_settings import ARN, KEY_ARN

EXAMPLE = (Path(__file__).parents[3] / "lifeboat.example.toml").read_text()
SETTING = re.compile(r"^# (?=[a-z0-9_]+ = |\[)", re.MULTILINE)


def uncommented() -> dict[str, Any]:
    """Every setting of the example, with ARNs that are ARNs."""
    text = SETTING.sub("", EXAMPLE)
    text = re.sub(r'"arn:aws:secretsmanager:[^"]*"', f'"{ARN}"', text)
    found = tomllib.loads(re.sub(r'"arn:aws:kms:[^"]*"', f'"{KEY_ARN}"', text))
    assert found.pop(STACK_KEY) == "Lifeboat"
    return found


def leaves(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, object]]:
    for key, value in found.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from leaves(value[0], f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def known(model: BaseModel | type[BaseModel], path: str = "") -> Iterator[tuple[str, object]]:
    """Every key that can be set, and its default."""
    fields = (model if isinstance(model, type) else type(model)).model_fields
    for name, field in fields.items():
        key = f"{path}{field.alias or name}"
        default = field.default if isinstance(model, type) else getattr(model, name)
        inner = [*_models_in(field.annotation)]
        if isinstance(default, BaseModel):
            yield from known(default, f"{key}.")
        elif inner:
            yield from known(inner[0], f"{key}.")
        else:
            yield key, default


def test_every_setting_is_in_it_with_its_default() -> None:
    shown = dict(leaves(uncommented()))
    defaults = dict(known(Settings))
    for tier in Tier:  # each tier's own, and "forever" and the lock as they are written
        kept: TierRetention = Retention().of(tier)
        defaults[f"retention.{tier}.days"] = kept.days or "forever"
        defaults[f"retention.{tier}.lock_days"] = kept.lock_days

    assert shown.keys() == defaults.keys()
    for key, default in defaults.items():
        written = list(default) if isinstance(default, tuple) else default
        if default is not None and default is not PydanticUndefined:
            assert shown[key] == written, key


def test_all_of_it_is_valid_once_it_is_uncommented() -> None:
    settings = parse({"lifeboat": uncommented()})

    assert settings.network
    assert settings.databases[0].validation
    assert settings.databases[0].transfer


def test_as_it_is_it_sets_nothing_but_one_database() -> None:
    found = tomllib.loads(EXAMPLE)
    found["databases"][0]["secret_arn"] = ARN

    assert parse({"lifeboat": found}) == parse(
        {"lifeboat": {"databases": [{"name": "app", "secret_arn": ARN}]}}
    )


def test_each_setting_has_a_line_above_it_that_says_what_it_does() -> None:
    lines = EXAMPLE.splitlines()
    for above, line in pairwise(lines):
        if re.match(r"(# )?[a-z0-9_]+ = ", line):
            assert re.match(r"# .*[.:,]|# or", above), line
            assert not SETTING.match(above), line


def test_the_placeholder_of_the_example_is_refused_with_the_next_step() -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"lifeboat": tomllib.loads(EXAMPLE)}, source="lifeboat.toml")

    assert "lifeboat.databases.0.secret_arn" in caught.value.what
    assert "aws secretsmanager create-secret --name lifeboat/app" in caught.value.what
    assert caught.value.what.count("  - ") == 1
    assert caught.value.todo.startswith("Change what is listed in lifeboat.toml, or pass -c")
