"""The functions' own code as it goes to Lambda, with modes that Lambda can read."""

import shutil
from pathlib import Path

from layers.build import BUILD, ROOT, build_once, digest, source_of

FUNCTIONS = ROOT / "functions"
"""The one code asset of every function."""


def function_code(*, build: Path = BUILD, functions: Path = FUNCTIONS) -> Path:
    """A directory with the functions' code and nothing else, to be unpacked at /var/task.

    Lambda runs functions as another user, so "code files" need mode 644 and directories 755
    (https://repost.aws/knowledge-center/lambda-deployment-package-errors), whatever the umask of
    the checkout; the CDK zips the modes that it finds. Built when it isn't there.

    Args:
        build: where to build.
        functions: the code in the checkout.
    """

    def fill(draft: Path) -> None:
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(functions, draft, ignore=ignore, dirs_exist_ok=True)

    sources = [path for path in sorted(functions.rglob("*")) if path.is_file()]
    inputs = digest(
        part
        for path in sources
        if "__pycache__" not in path.parts and path.suffix != ".pyc"
        for part in (path.relative_to(functions).as_posix().encode(), path.read_bytes())
    )
    own = digest(source_of(ROOT / "layers"))
    return build_once(build / "functions" / f"code-{inputs}-{own}", fill)
