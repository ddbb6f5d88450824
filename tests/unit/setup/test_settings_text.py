"""Changes of lifeboat.toml by a program: only what was asked for, and comments stay."""

import tomllib
from pathlib import Path

import pytest

from lifeboat.errors import SettingsError
from lifeboat_setup.carry_out import NewSettings, settings_with, write_settings
from lifeboat_setup.settings_text import (
    names_of_databases,
    stack_named,
    with_database,
    with_value,
    without_database,
)

EXAMPLE = (Path(__file__).parents[3] / "lifeboat.example.toml").read_text()
ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:lifeboat/{}-AbCdEf"
APP, SHOP, TARGET = (ARN.format(name) for name in ("app", "shop", "app-restore"))


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("# ")]


def test_a_new_file_is_the_example_with_the_database_in_it() -> None:
    new = NewSettings(databases=[("shop", SHOP)], targets=[TARGET], emails=["ops@example.com"])
    text = settings_with(None, new, EXAMPLE)
    found = tomllib.loads(text)
    assert found["databases"] == [{"name": "shop", "secret_arn": SHOP}]
    assert found["restore"] == {"target_secret_arns": [TARGET]}
    assert found["alerts"] == {"emails": ["ops@example.com"]}
    defaults = ["# target_secret_arns = []", "# emails = []"]
    assert len(comments(text)) == len(comments(EXAMPLE)) - len(defaults)
    assert defaults[1] not in text


def test_the_example_database_counts_as_none_even_if_its_name_is_wanted() -> None:
    assert names_of_databases(EXAMPLE) == []
    new = NewSettings(databases=[("shop", SHOP), ("app", APP)], targets=[])
    found = tomllib.loads(settings_with(None, new, EXAMPLE))
    assert [each["name"] for each in found["databases"]] == ["shop", "app"]


def test_what_is_in_the_settings_already_is_not_added_again() -> None:
    new = NewSettings(databases=[("shop", SHOP)], targets=[TARGET], emails=["ops@example.com"])
    once = settings_with(None, new, EXAMPLE)
    assert settings_with(once, new, EXAMPLE) == once


MINE = f"""\
# mine
[[databases]]
name = "app"  # the first
secret_arn = "{APP}"
[databases.transfer]
allowance_gb = 5

# about restores
[restore]
target_secret_arns = [
  "{TARGET}",  # of app
]
"""


def test_a_database_is_added_behind_the_others_and_their_tables() -> None:
    text = with_database(MINE, "shop", SHOP)
    assert tomllib.loads(text)["databases"][0]["transfer"] == {"allowance_gb": 5}
    assert text.index('[[databases]]\nname = "shop"') < text.index("# about restores")
    assert comments(text) == comments(MINE)


@pytest.mark.parametrize("name", ["app", "shop"])
def test_a_database_is_taken_out_with_its_own_tables_only(name: str) -> None:
    both = with_database(MINE, "shop", SHOP)
    left = tomllib.loads(without_database(both, name))
    wanted = tomllib.loads(both)
    wanted["databases"] = [each for each in wanted["databases"] if each["name"] != name]
    assert left == wanted
    assert "# about restores" in without_database(both, name)


def test_a_list_over_several_lines_is_replaced_whole() -> None:
    assert tomllib.loads(with_value(MINE, "restore", "target_secret_arns", []))["restore"] == {
        "target_secret_arns": []
    }


def test_what_a_program_can_not_change_is_left_to_a_person() -> None:
    inline = f'databases = [{{ name = "app", secret_arn = "{APP}" }}]\n'
    with pytest.raises(SettingsError, match="can't be changed by a program"):
        with_database(inline, "shop", SHOP)


def test_another_stack_is_named_in_a_new_file() -> None:
    assert tomllib.loads(stack_named(EXAMPLE, "Staging"))["stack_name"] == "Staging"
    assert stack_named(EXAMPLE, "Lifeboat") == EXAMPLE


def test_a_file_keeps_its_mode_when_it_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "lifeboat.toml"
    file.write_text("a = 1\n")
    file.chmod(0o640)
    write_settings(file, "a = 2\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("a = 2\n", 0o640)
    assert [*tmp_path.iterdir()] == [file]
