"""The table of patches in tools/ministack_patches/README.md: what each is for, and its test."""

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
README = REPOSITORY / "tools" / "ministack_patches" / "README.md"


@dataclass(frozen=True)
class Patch:
    """One row of the table.

    Attributes:
        module: of tools.ministack_patches, in which the function is.
        name: of the function, by which it can be left out.
        documentation: what says how AWS behaves, in Markdown.
        test: the node id of the test that fails without the patch.
    """

    module: str
    name: str
    documentation: str
    test: str


def patches() -> list[Patch]:
    """All rows, in the order of the page."""
    row = re.compile(r"^\| `(\w+)\.(\w+)` \| [^|]+ \| ([^|]+) \| `([^`]+)` \|$", re.MULTILINE)
    return [Patch(*found.groups()) for found in row.finditer(README.read_text())]
