"""What mypy leaves out of the CDK, it leaves out because no type of ours leads there."""

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
OURS = ("infra", "cli", "functions", "layers", "local", "benchmarks", "tools", "tests")
LEADS_TO = re.compile(r"^    import (aws_cdk(?:\.\w+)*) as _\w+$", re.MULTILINE)
"""In each module of the CDK, an import of a module that its types name."""


def imported(file: Path) -> Iterator[str]:
    """The modules of the CDK that a file of ours imports."""
    text = file.read_text()
    for node in ast.walk(ast.parse(text)) if "aws_cdk" in text else ():
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("aws_cdk"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aws_cdk"):
            yield str(node.module)
            yield from (f"{node.module}.{each.name}" for each in node.names)


def source_of(module: str) -> Path:
    """Where a module of the CDK would be; it isn't imported, as that takes seconds."""
    spec = find_spec("aws_cdk")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent.joinpath(*module.split(".")[1:], "__init__.py")


def led_to(modules: set[str]) -> set[str]:
    """These modules, and all that their types lead to."""
    found: set[str] = set()
    while modules:
        found |= modules
        texts = [source_of(each).read_text() for each in modules]
        modules = {name for text in texts for name in LEADS_TO.findall(text)} - found
    return found


def test_mypy_reads_all_of_the_cdk_that_our_types_lead_to() -> None:
    files = [
        REPOSITORY / "app.py",
        *(file for name in OURS for file in (REPOSITORY / name).rglob("*.py")),
    ]
    ours = {name for file in files for name in imported(file) if source_of(name).exists()}
    assert {"aws_cdk", "aws_cdk.aws_s3", "aws_cdk.assertions"} <= ours
    overrides = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["mypy"]
    (read,) = (
        each["module"]
        for each in overrides["overrides"]
        if each["follow_imports"] == "normal" and "aws_cdk" in each["module"]
    )
    needed = {name for name in led_to(ours) if not name.startswith("aws_cdk.interfaces")}
    assert sorted(needed) == sorted(set(read) - {"aws_cdk.interfaces.*"})
