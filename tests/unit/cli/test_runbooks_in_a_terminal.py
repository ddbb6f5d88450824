"""The runbooks as `lifeboat runbook` and `lifeboat explain` print them."""

import pytest

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
