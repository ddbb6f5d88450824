"""The runbooks as `lifeboat runbook` and `lifeboat explain` print them."""

import io

import pytest
from rich.console import Console

from lifeboat_cli.context import Context, Options
from lifeboat_cli.main import main
from lifeboat_cli.pages import ALARMS, for_terminal, names, page, section, sections

PAGE = """# Title

   ```bash run
   lifeboat status
   ```

```sh
make
```

<details>
<summary>Without the command line</summary>

```bash run
aws lambda invoke
```

</details>

<details>
<summary>With standard tools</summary>
pg_restore
</details>
"""


def test_a_page_is_shown_without_what_only_others_need() -> None:
    assert (
        for_terminal(PAGE)
        == """# Title

   ```bash
   lifeboat status
   ```

```sh
make
```


<details>
<summary>With standard tools</summary>
pg_restore
</details>
"""
    )


def test_a_page_without_a_fold_is_shown_as_it_is() -> None:
    assert for_terminal("# Title\n\nText.\n") == "# Title\n\nText.\n"


@pytest.mark.parametrize("name", names())
def test_no_page_offers_to_do_without_the_program_that_shows_it(name: str) -> None:
    assert "aws lambda invoke" not in page(name)
    assert "Without the command line" not in page(name)


def test_no_explanation_ends_with_the_fold() -> None:
    codes = sections(page(ALARMS))
    assert "public-access-unblocked" in codes, "the last one of the page"
    for code in codes:
        assert "<details>" not in section(code)


def test_how_to_leave_is_on_the_machine_without_marks_and_folds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["destroy"]) == 0
    said = capsys.readouterr().out
    assert "delete-stack --stack-name Lifeboat" in said
    assert "BUCKET=$(aws cloudformation" in said, "its commands use the bucket's name"
    assert "```bash\n" in said
    assert "```bash look" not in said
    assert "<details>" not in said
    assert "## Delete it" not in said


def test_in_a_terminal_sentences_are_folded_and_commands_are_not() -> None:
    context, file = Context(Options()), io.StringIO()
    context.out = Console(file=file, width=40, force_terminal=True, color_system=None)
    sentence, command = (
        "- Some words of a long sentence that\n  goes on\n  and on.\n- Another.",
        "lifeboat " + "x" * 60,
    )
    context.show_page(f"{sentence}\n\n   ```bash\n   {command}\n   ```\n| {'cell ' * 12}|\n")
    assert file.getvalue().splitlines() == [
        "- Some words of a long sentence that",
        "  goes on and on.",
        "- Another.",
        "",
        "   ```bash",
        f"   {command}",
        "   ```",
        f"| {'cell ' * 12}|",
    ]
