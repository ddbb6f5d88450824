"""docs/command-line.md lists the commands and exit codes that there are."""

import ast
from pathlib import Path

import click

from lifeboat_cli import exit_codes
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.main import SECTIONS, lifeboat

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "command-line.md").read_text()


def test_the_page_lists_every_command_as_its_help_does() -> None:
    context = click.Context(lifeboat)
    rows = []
    for _, names in SECTIONS:
        for name in names:
            command = lifeboat.get_command(context, name)
            assert command is not None
            arguments = [each for each in command.params if isinstance(each, click.Argument)]
            usage = " ".join([name, *(each.make_metavar(context) for each in arguments)])
            rows.append(f"| `{usage}` | {command.get_short_help_str(limit=100)} |")
    expected = "\n".join(["| command | what it does |", "|---|---|", *rows])
    assert f"\n{expected}\n\n" in PAGE, f"docs/command-line.md needs this table:\n{expected}"


def test_the_page_explains_every_exit_code_as_the_code_does() -> None:
    meanings = _meanings()
    rows = [f"| {code.value} | {meanings[code.name]} |" for code in ExitCode]
    expected = "\n".join(["| code | meaning |", "|---:|---|", *rows])
    assert f"\n{expected}\n\n" in PAGE, f"docs/command-line.md needs this table:\n{expected}"


def _meanings() -> dict[str, str]:
    """What stands below each member."""
    (made,) = [
        each
        for each in ast.parse(Path(exit_codes.__file__).read_text()).body
        if isinstance(each, ast.ClassDef)
    ]
    found = {}
    for member, text in zip(made.body, made.body[1:], strict=False):
        match member, text:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str() as said)),
            ):
                found[name] = " ".join(said.split())
    return found
