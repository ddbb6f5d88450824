"""Where settings are looked for, and what a person is told who got it wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.settings import parse
from tests.support.bad_settings import ARN, with_database

if TYPE_CHECKING:
    from infra.settings_file import Installation

TOML = f'[[databases]]\nname = "app"\nsecret_arn = "{ARN}"\n'
OLD = with_database(cron="0 4 * * ? *")

type Find = Callable[..., "Installation"]


@pytest.fixture
def find(tmp_path: Path) -> Find:
    """Look for the settings, with files of that content and with that context."""
    from infra.settings_file import installation

    def found(
        toml: str | bytes | None = None, *, also: dict[str, str] | None = None, **context: object
    ) -> "Installation":
        if toml is not None:
            content = toml.encode() if isinstance(toml, str) else toml
            (tmp_path / "lifeboat.toml").write_bytes(content)
        for name, text in (also or {}).items():
            (tmp_path / name).write_text(text)
        return installation(context, directory=tmp_path)

    return found


def refused(find: Find, *given: Any, **more: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        find(*given, **more)
    assert str(caught.value).splitlines()[1] == "Safe: Nothing was deployed or changed."
    return caught.value


def test_the_settings_are_those_of_the_file(find: Find) -> None:
    found = find(TOML + "[backup]\nmemory_mb = 2048\n")

    settings = parse(found.context)
    assert [each.name for each in settings.databases] == ["app"]
    assert settings.backup.memory_mb == 2048
    assert (found.source, found.stack, found.warning) == ("lifeboat.toml", "Lifeboat", None)


def test_what_the_command_line_sets_counts_before_the_file(find: Find) -> None:
    more = {
        "lifeboat.backup.memory_mb": "4096",
        "lifeboat.databases.0.timezone": "Europe/Berlin",
        "lifeboat.databases.1": json.dumps({"name": "shop", "secret_arn": ARN}),
    }

    settings = parse(
        find(TOML + "[backup]\nmemory_mb = 2048\nephemeral_mb = 600\n", **more).context
    )

    assert (settings.backup.memory_mb, settings.backup.ephemeral_mb) == (4096, 600)
    assert [(each.name, each.timezone) for each in settings.databases] == [
        ("app", "Europe/Berlin"),
        ("shop", "UTC"),
    ]


@pytest.mark.parametrize("encode", ["utf-8-sig", "utf-8"])
def test_a_file_of_windows_is_read_as_well(find: Find, encode: str) -> None:
    text = "# Größe\r\n" + TOML.replace("\n", "\r\n")

    assert parse(find(text.encode(encode)).context).databases[0].name == "app"


@pytest.mark.parametrize("key", ["stack_name", "lifeboat.backup", "lifeboat.databases.0.cron"])
def test_without_a_file_the_next_step_is_reported(find: Find, key: str) -> None:
    error = refused(find, **{key: "x"})

    assert error.what == "There are no settings: lifeboat.toml is not there."
    assert error.todo.startswith("cp lifeboat.example.toml lifeboat.toml; then put the name of")


def test_the_command_line_alone_may_describe_everything(find: Find) -> None:
    by_keys = find(**{"lifeboat.databases.0.name": "app", "lifeboat.databases.0.secret_arn": ARN})
    whole = find(lifeboat=json.dumps(with_database()))

    assert parse(by_keys.context) == parse(whole.context)
    assert by_keys.source is whole.source is None


def test_settings_that_are_given_whole_need_no_file_and_read_none(find: Find) -> None:
    found = find("this is [ no TOML", lifeboat=json.dumps(with_database()))

    assert parse(found.context).databases[0].name == "app"
    assert found.stack == "Lifeboat"


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("a = 1\nname = app\n", "at line 2, column 8: Invalid value."),
        ("[backup]\nslow = True\n", "at line 2, column 8: Invalid value."),
        ("a =", "at end of document: Invalid value."),
        ("[backup]\n[drill]\n[backup]\n", "at line 3, column 8: The table backup is there twice."),
        (
            "[retention.daily]\n[retention.daily]\n",
            "at line 2, column 17: The table retention.daily is there twice.",
        ),
        (
            "a = 1\na = 2\n",
            "at line 2, column 6: A key is there twice, or is both a key and a table.",
        ),
        ("[databases]\n[[databases]]\n", "at line 2, column 12: A key is there twice"),
    ],
)
def test_a_mistake_of_syntax_is_reported_with_its_place(find: Find, toml: str, told: str) -> None:
    error = refused(find, toml)

    assert error.what.startswith(f"lifeboat.toml is no valid TOML {told}")
    assert "Each database begins with [[databases]]." in error.todo


@pytest.mark.parametrize(
    "toml",
    [
        'url = "postgresql://app:hunter2@db.example.com/app\n',
        "postgresql://app:hunter2@db.example.com/app\n",
        '["postgresql://app:hunter2@db"]\n["postgresql://app:hunter2@db"]\n',
        'a = { "password=hunter2" = 1, "password=hunter2" = 2 }\n',
    ],
)
def test_a_password_that_was_pasted_into_the_file_is_not_repeated(find: Find, toml: str) -> None:
    error = refused(find, toml)

    assert "hunter2" not in str(error)
    assert "lifeboat.toml is no valid TOML at line " in error.what
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("ä".encode("latin-1"), "lifeboat.toml is not UTF-8 text."),
        (b"a = " + b"9" * 5000, "lifeboat.toml cannot be read as TOML: ValueError."),
        (b"a = " + b"[" * 100_000, "lifeboat.toml cannot be read as TOML: RecursionError."),
    ],
)
def test_what_is_no_text_of_a_person_is_reported_in_a_line(
    find: Find, content: bytes, told: str
) -> None:
    assert refused(find, content).what == told


def test_a_file_that_cannot_be_read_is_reported(find: Find, tmp_path: Path) -> None:
    (tmp_path / "lifeboat.toml").mkdir()

    assert refused(find).what == "lifeboat.toml cannot be read: Is a directory."


def test_the_object_of_an_earlier_version_is_read_with_a_warning_that_says_what_to_type(
    find: Find,
) -> None:
    found = find(lifeboat=OLD, stack_name="Old")

    assert parse(found.context).databases[0].cron == "0 4 * * ? *"
    assert (found.source, found.stack) == ("cdk.json", "Old")
    assert found.warning
    assert "Next: Type `make settings`." in found.warning


@pytest.mark.parametrize("more", [{}, {"settings_file": "lifeboat.staging.toml"}])
def test_settings_in_two_places_are_refused(find: Find, more: dict[str, str]) -> None:
    also = dict.fromkeys(more.values(), f'stack_name = "Staging"\n{TOML}')

    error = refused(find, TOML, also=also, lifeboat=OLD, **more)

    assert "The settings are in two places: in lifeboat." in error.what
    assert "Delete the object `lifeboat` from cdk.json" in error.todo


def test_settings_that_are_given_whole_and_in_a_file_of_a_name_are_refused(find: Find) -> None:
    more = {"settings_file": "lifeboat.staging.toml", "lifeboat": json.dumps(OLD)}

    assert "given twice: by -c lifeboat and by -c settings_file" in refused(find, TOML, **more).what


def test_the_file_names_the_stack_and_the_command_line_names_it_anew(find: Find) -> None:
    named = f'stack_name = "Production"\n{TOML}'

    assert find(named).stack == "Production"
    assert parse(find(named).context).databases[0].name == "app"
    assert find(named, stack_name="Other").stack == "Other"


@pytest.mark.parametrize(
    ("toml", "context"),
    [
        ("stack_name = 7\n", {}),
        ('stack_name = ""\n', {}),
        ('stack_name = "my stack"\n', {}),
        ("", {"stack_name": "1st"}),
        ("", {"stack_name": "a" * 129}),
        ("", {"stack_name": "Lifeboat\n"}),
    ],
)
def test_what_is_no_name_of_a_stack_is_refused(
    find: Find, toml: str, context: dict[str, str]
) -> None:
    error = refused(find, toml + TOML, **context)

    assert error.what == "stack_name is not the name of a stack."
    assert "letters, digits and hyphens" in error.todo


def test_another_file_holds_another_stack(find: Find) -> None:
    staging = f'stack_name = "Staging"\n{TOML.replace('"app"', '"staging"')}'

    found = find(
        TOML, also={"lifeboat.staging.toml": staging}, settings_file="lifeboat.staging.toml"
    )

    assert (found.source, found.stack) == ("lifeboat.staging.toml", "Staging")
    assert parse(found.context).databases[0].name == "staging"


def test_another_file_that_names_no_stack_would_change_the_first_ones(find: Find) -> None:
    more: dict[str, Any] = {
        "also": {"lifeboat.staging.toml": TOML},
        "settings_file": "lifeboat.staging.toml",
    }

    error = refused(find, TOML, **more)

    assert error.what.startswith("lifeboat.staging.toml does not name its stack")
    assert 'stack_name = "<name>"' in error.todo
    assert find(TOML, **more, stack_name="Staging").stack == "Staging"


def test_another_file_that_is_not_there_is_reported_even_when_keys_are_given(find: Find) -> None:
    more = {"settings_file": "staging.toml", "lifeboat.databases.0.secret_arn": ARN}

    error = refused(find, TOML, **more)

    assert error.what == "There are no settings: staging.toml is not there."
    assert error.todo.startswith("cp lifeboat.example.toml staging.toml;")
