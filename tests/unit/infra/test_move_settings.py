"""`make settings`: out of cdk.json, into lifeboat.toml, and nothing lost on the way."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lifeboat.errors import LifeboatError
from lifeboat.settings import parse
from tests.stack.stacks import OPEN, PLAIN, SEALED
from tests.support.bad_settings import with_database

ROOT = Path(__file__).parents[3]
CDK_JSON = (ROOT / "cdk.json").read_text()
PLANS = with_database(transfer={"allowance_gb": None, "price_per_gb": 0.1}, secret_key_arn=None)
QUERY = 'SELECT 1 -- "quoted" \\ \n FROM "Odd Table"'


def old(settings: object, **more: object) -> str:
    """A cdk.json as an earlier version had it, in its way of writing."""
    flags = json.loads(CDK_JSON)
    flags["context"] = {"lifeboat": settings, **more, **flags["context"]}
    return json.dumps(flags, indent=2) + "\n"


@pytest.mark.parametrize(
    "settings",
    [
        PLAIN,
        SEALED,
        OPEN,
        PLANS,
        with_database(transfer={"allowance_gb": 5}),
        with_database(transfer=None, network=None) | {"databases": with_database()["databases"]},
        with_database(validation=[{"name": "ä", "sql": QUERY, "expect": "no rows"}]),
        with_database() | {"network": None, "alerts": {"topic_key_arn": None}},
    ],
)
def test_what_was_moved_means_the_same(tmp_path: Path, settings: dict[str, Any]) -> None:
    from infra.move_settings import move
    from infra.settings_file import installation

    (tmp_path / "cdk.json").write_text(old(settings, stack_name="Old"))

    move(tmp_path)

    left = json.loads((tmp_path / "cdk.json").read_text())["context"]
    found = installation(left, directory=tmp_path)
    assert parse(found.context) == parse({"lifeboat": settings})
    assert (found.source, found.stack, found.warning) == ("lifeboat.toml", "Old", None)


def test_cdk_json_is_then_as_it_is_in_the_repository(tmp_path: Path) -> None:
    from infra.move_settings import move

    (tmp_path / "cdk.json").write_text(old(PLAIN))

    move(tmp_path)

    assert (tmp_path / "cdk.json").read_text() == CDK_JSON
    assert tomllib.loads((tmp_path / "lifeboat.toml").read_text()) == PLAIN
    assert (tmp_path / "lifeboat.toml").read_text().startswith("# The settings of this ins")


@pytest.mark.parametrize(
    ("settings", "toml", "told"),
    [
        (None, None, "cdk.json has no object `lifeboat`: there is nothing to move."),
        (PLAIN, "", "lifeboat.toml is there already, so nothing was written."),
        (with_database(cron="never"), None, "The settings (cdk.json, or -c when given) cannot"),
        ({"databases": "app"}, None, "The settings (cdk.json, or -c when given) cannot"),
    ],
)
def test_what_cannot_be_moved_stays_as_it_is(
    tmp_path: Path, settings: object, toml: str | None, told: str
) -> None:
    from infra.move_settings import move

    (tmp_path / "cdk.json").write_text(old(settings))
    if toml is not None:
        (tmp_path / "lifeboat.toml").write_text(toml)

    with pytest.raises(LifeboatError) as caught:
        move(tmp_path)

    assert caught.value.what.startswith(told)
    assert (tmp_path / "cdk.json").read_text() == old(settings)
    assert (tmp_path / "lifeboat.toml").exists() == (toml is not None)


def test_the_command_says_what_it_did_and_what_it_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from infra.move_settings import main

    (tmp_path / "cdk.json").write_text(old(PLAIN))
    monkeypatch.chdir(tmp_path)

    assert main() == 0
    assert "The settings are in lifeboat.toml now" in capsys.readouterr().out
    assert main() == 1
    assert "Next: If there is no lifeboat.toml yet: cp" in capsys.readouterr().err
