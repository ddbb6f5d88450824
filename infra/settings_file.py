"""Where the settings of an installation are: `lifeboat.toml` beside cdk.json, or `-c`.

docs/decisions/0022-settings-in-toml.md has the reasons. Functions never read the file: each gets
its part of the checked settings from the stack.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lifeboat.errors import SettingsError
from lifeboat.model.pasted_passwords import may_hold_password
from lifeboat.settings.context import ROOT, STACK_KEY

FILE = "lifeboat.toml"
"""The settings' file that is read unless another one is asked for."""

EXAMPLE = "lifeboat.example.toml"
"""What a person copies and edits."""

FILE_KEY = "settings_file"
"""The context key of another file: `-c settings_file=lifeboat.staging.toml`."""

DEFAULT_STACK = "Lifeboat"
"""The name of a stack that nobody named."""

_STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html"""

_A_DATABASE = re.compile(rf"{ROOT}\.databases(\.\d+(\.secret_arn)?)?")
"""Context keys that name a secret: with one of them, `-c` may be all that somebody needs."""

_MISTAKE = re.compile(r"(.*) \((at line \d+, column \d+|at end of document)\)", re.DOTALL)
_DECLARED_TWICE = re.compile(r"Cannot declare \((.+?),?\) twice")

_AS_TEXT = (
    "Mend it, then try again. Text, ARNs and crons stand in quotes, true and false do not. A table"
    " such as [backup] is there once, and so is each key in it. Each database begins with"
    " [[databases]]."
)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """One stack, and the settings that were found for it.

    Attributes:
        context: the CDK's context with the settings in it, as `lifeboat.settings.parse` takes it.
        source: where the settings are, as it is told to people; None: on the command line.
        stack: the name of the stack.
        warning: what a person should change, though it works; None: nothing.
    """

    context: Mapping[str, object]
    source: str | None
    stack: str
    warning: str | None = None


def installation(context: Mapping[str, object], *, directory: Path = Path()) -> Installation:
    """Find the settings and the name of the stack.

    Settings that are given whole on the command line (`-c lifeboat='{...}'`) leave nothing for a
    file: none is read then. Single values (`-c lifeboat.backup.memory_mb=2048`) stay in the context
    for `parse`, which puts them over those of the file.

    Args:
        context: the CDK's context: that of cdk.json with what `-c` set.
        directory: where cdk.json is.

    Raises:
        SettingsError: there are none, there are two, or the file can't be read or is no TOML.
    """
    asked = context.get(FILE_KEY)
    name = str(asked or FILE)
    given = context.get(ROOT)
    if given is not None and (asked or (not isinstance(given, str) and _is_there(directory, FILE))):
        raise _in_two_places(given, name)
    if isinstance(given, str):
        return Installation(context=context, source=None, stack=_stack(context, None))
    if given is not None:
        stack = _stack(context, None)
        return Installation(context=context, source="cdk.json", stack=stack, warning=_OLD)
    if not _is_there(directory, name):
        if not asked and any(map(_A_DATABASE.fullmatch, context)):
            return Installation(context=context, source=None, stack=_stack(context, None))
        raise _not_there(name)
    found = read(directory / name, name)
    stack = _stack(context, found.pop(STACK_KEY, None), unusual_file=name if name != FILE else None)
    return Installation(context={**context, ROOT: found}, source=name, stack=stack)


def read(file: Path, name: str) -> dict[str, object]:
    """The content of a settings' file.

    Args:
        file: which one.
        name: how it is called in an error.

    Raises:
        SettingsError: it can't be read, or is no TOML. What stands in the file is not repeated, as
            somebody may have pasted a password into it.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"{name} cannot be read: {error.strerror}.",
            todo=f"Make it readable for you: ls -l {name}",
        ) from error
    except UnicodeDecodeError:
        raise SettingsError(
            f"{name} is not UTF-8 text.", todo="Save it with the encoding UTF-8, then try again."
        ) from None
    except (ValueError, RecursionError) as error:
        # `from None`: the error's own frames hold the text of the file.
        raise SettingsError(_mistake(name, error), todo=_AS_TEXT) from None


def _mistake(name: str, error: Exception) -> str:
    """Which mistake it is, and where: tomllib's words, but for what only a programmer reads."""
    found = _MISTAKE.fullmatch(str(error))
    if not found:  # nested too deeply, or a number with thousands of digits
        return f"{name} cannot be read as TOML: {type(error).__name__}."
    what, where = found.groups()
    if twice := _DECLARED_TWICE.fullmatch(what):
        table = twice[1].replace("'", "").replace(", ", ".")
        what = f"The table {table} is there twice"
    elif what == "Cannot overwrite a value":
        what = "A key is there twice, or is both a key and a table"
    if may_hold_password(what):
        what = "A mistake that is not shown here, as it may hold a password"
    return f"{name} is no valid TOML {where}: {what}."


def _is_there(directory: Path, name: str) -> bool:
    return (directory / name).exists()


def _stack(
    context: Mapping[str, object], in_file: object, *, unusual_file: str | None = None
) -> str:
    """The name of the stack: that of `-c`, that of the file, or the usual one.

    A second file without a name would be deployed over the stack of the first.
    """
    found = context.get(STACK_KEY) or in_file
    if found is None and unusual_file:
        raise SettingsError(
            f"{unusual_file} does not name its stack, so it would change the stack"
            f" {DEFAULT_STACK}.",
            todo=f'Write {STACK_KEY} = "<name>" into it, above the first [table]; or pass'
            f" -c {STACK_KEY}=<name>.",
        )
    name = DEFAULT_STACK if found is None else found
    if not isinstance(name, str) or not _STACK_NAME.fullmatch(name):
        raise SettingsError(
            f"{STACK_KEY} is not the name of a stack.",
            todo=f"Change {STACK_KEY}, in {unusual_file or FILE} or after -c, to at most 128"
            " letters, digits and hyphens that begin with a letter.",
        )
    return name


def _not_there(name: str) -> SettingsError:
    return SettingsError(
        f"There are no settings: {name} is not there.",
        todo=f"cp {EXAMPLE} {name}; then put the name of a database and the ARN of its secret into"
        " it (README.md, Deploy). Or let ./lifeboat setup do all of that.",
    )


def _in_two_places(given: object, name: str) -> SettingsError:
    if isinstance(given, str):
        return SettingsError(
            f"The settings are given twice: by -c {ROOT} and by -c {FILE_KEY}.",
            todo="Leave one of both out.",
        )
    return SettingsError(
        f"The settings are in two places: in {name}, and in the object `{ROOT}` in cdk.json. Which"
        " of both counts can't be known.",
        todo=f"Delete the object `{ROOT}` from cdk.json if {name} has what you want. Else put"
        f" {name} away, and type: make settings",
    )


_OLD = (
    f"The settings are still in cdk.json, in the object `{ROOT}`, where an update of Lifeboat"
    f" conflicts with them.\nSafe: They are used as before.\nNext: Type `make settings`. It moves"
    f" them to {FILE}, which git ignores."
)
