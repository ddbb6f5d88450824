"""`make reference`: write what is made from the models, and remove what no model gives any more."""

import json
from collections.abc import Mapping
from pathlib import Path

from tools.reference.page import reference
from tools.reference.schemas import schemas

REPOSITORY = Path(__file__).parents[2]
SCHEMAS = Path("docs") / "schemas"


def files() -> Mapping[Path, str]:
    """Everything that is generated: text by the path in the repository."""
    made = {SCHEMAS / name: json.dumps(each, indent=2) + "\n" for name, each in schemas().items()}
    return {Path("docs") / "reference.md": reference(), **made}


def main() -> None:
    """Write them."""
    made = files()
    (REPOSITORY / SCHEMAS).mkdir(exist_ok=True)
    for there in (REPOSITORY / SCHEMAS).iterdir():
        if there.relative_to(REPOSITORY) not in made:
            there.unlink()
    for path, text in made.items():
        (REPOSITORY / path).write_text(text)


if __name__ == "__main__":
    main()
