"""`make settings`: move the settings of an earlier Lifeboat out of cdk.json, into lifeboat.toml."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.command_line import cdk_json
from infra.settings_file import EXAMPLE, FILE
from infra.toml_text import toml_of
from lifeboat.errors import NOTHING_DEPLOYED, LifeboatError, SettingsError
from lifeboat.settings import parse
from lifeboat.settings.context import ROOT, STACK_KEY
from lifeboat.settings.transfer import UNLIMITED

_HEADING = f"""\
# The settings of this installation. `make settings` moved them here out of cdk.json.
# {EXAMPLE} explains each one and has those that are left to their defaults.

"""


def move(directory: Path = Path()) -> None:
    """Write lifeboat.toml from the object in cdk.json, then take the object out of cdk.json.

    Whatever ends it early leaves the settings in cdk.json, or in both; then synth says so.

    Args:
        directory: where both files are.

    Raises:
        SettingsError: there is no such object, it is not valid, or there is a lifeboat.toml.
    """
    whole = cdk_json(directory)
    context = dict(whole["context"])
    settings = context.pop(ROOT, None)
    if not isinstance(settings, Mapping):
        raise SettingsError(
            f"cdk.json has no object `{ROOT}`: there is nothing to move.",
            todo=f"If there is no {FILE} yet: cp {EXAMPLE} {FILE}",
        )
    parse({ROOT: settings}, source="cdk.json")
    stack = context.pop(STACK_KEY, None)
    text = _HEADING + toml_of({STACK_KEY: stack, **settings_for_toml(settings)})
    try:
        with (directory / FILE).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SettingsError(
            f"{FILE} is there already, so nothing was written.",
            todo=f"Delete the object `{ROOT}` from cdk.json if {FILE} has what you want. Else put"
            f" {FILE} away, then: make settings",
        ) from None
    left = json.dumps({**whole, "context": context}, indent=2, ensure_ascii=False)
    (directory / "cdk.json").write_text(f"{left}\n", encoding="utf-8")


def settings_for_toml(settings: Mapping[str, object]) -> dict[str, object]:
    """Valid settings as cdk.json had them, with TOML's word for the one null that means something.

    Every other null is what the setting is without it, and TOML leaves it out.
    """
    databases = settings["databases"]
    assert isinstance(databases, list | tuple)  # noqa: S101 - they were found valid
    return {**settings, "databases": [_database(each) for each in databases]}


def _database(database: Mapping[str, object]) -> dict[str, object]:
    plan = database.get("transfer")
    if isinstance(plan, Mapping) and plan["allowance_gb"] is None:
        return {**database, "transfer": {**plan, "allowance_gb": UNLIMITED}}
    return dict(database)


def main() -> int:
    """Move them; 0 when that is done."""
    try:
        move()
    except LifeboatError as error:
        # This is what the command is for.
        print(error.ending(NOTHING_DEPLOYED), file=sys.stderr)  # noqa: T201
        return 1
    print(f"The settings are in {FILE} now, and no longer in cdk.json.")  # noqa: T201
    print("Next: see that nothing changes by it: cdk diff; then: make deploy")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
