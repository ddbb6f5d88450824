import json
import marshal
import re
import subprocess
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from types import CodeType

import pytest

from layers import elf
from layers.__main__ import LIMIT
from layers.build import ROOT
from layers.closure import too_new_glibc, unresolved, wrong_machine
from layers.python import REQUIREMENTS, dependency_layer
from layers.summary import summarize
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.errors import LayerError
from tests.layers.trees import picture

SYSTEM = ("libz.so.1", "libgcc_s.so.1")
"""What a manylinux wheel may expect of the system (PEP 600), and Amazon Linux 2023 has."""

IMPORTS = """
import json, sys
from importlib.metadata import distributions
import aws_croniter, aws_lambda_powertools, boto3, psycopg, pydantic
boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
print(json.dumps({
    "psycopg": psycopg.pq.__impl__,
    "from": sorted({m.__file__.split("/python/")[0] for m in (boto3, psycopg, pydantic)}),
    "versions": {d.name.lower().replace("_", "-"): d.version for d in distributions(path=sys.path)},
}))
"""


AUDIT = """
compiled = []
sys.addaudithook(
    lambda event, args: compiled.append(str(args[1])) if event == "compile" and args[1] else None
)
"""

UNCHECKED = (1).to_bytes(4, "little")
"""The flags of a compiled module that is used without a look at its source (PEP 552)."""


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_compiled_modules_are_for_lambdas_machine_and_glibc(
    dependency_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = dependency_layers[architecture]
    files = [path for path in root.rglob("*") if elf.is_elf(path)]
    found = [
        f"{path.name}: {objection}"
        for path in files
        for facts in [elf.read(path)]
        for objection in (
            *wrong_machine(facts, architecture),
            *too_new_glibc(facts),
            *unresolved(facts, path, top=root),
        )
    ]

    assert len(files) > 10
    assert [line for line in found if not any(f"needs {name}," in line for name in SYSTEM)] == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nothing_in_it_tells_of_the_machine_that_built_it(
    dependency_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    files = [path for path in dependency_layers[architecture].rglob("*") if path.is_file()]

    assert not [path for path in files if path.name == "RECORD"]
    assert not [path for path in files if str(ROOT).encode() in path.read_bytes()]
    assert "bin" not in {path.parts[-2] for path in files}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_module_is_there_compiled_from_its_source(
    dependency_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = dependency_layers[architecture]
    sources = list(root.rglob("*.py"))

    assert len(sources) > 500
    for source in sources:
        compiled = Path(cache_from_source(str(source))).read_bytes()
        assert compiled[:16] == MAGIC_NUMBER + UNCHECKED + source_hash(source.read_bytes())
        code = marshal.loads(compiled[16:])  # noqa: S302  # of our own making
        assert isinstance(code, CodeType)
        assert code.co_filename == f"/opt/{source.relative_to(root)}"
    assert len(list(root.rglob("*.pyc"))) == len(sources)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_two_builds_are_equal_to_the_byte(
    dependency_layers: dict[Architecture, Path], architecture: Architecture, fresh_build: Path
) -> None:
    again = dependency_layer(architecture, build=fresh_build)

    assert picture(again) == picture(dependency_layers[architecture])


@pytest.mark.skipif(not Platform.of_host().is_linux, reason="the layer's modules are for Linux")
def test_the_functions_can_import_all_of_it_in_the_locked_versions(
    dependency_layers: dict[Architecture, Path],
) -> None:
    layer = dependency_layers[Platform.of_host().architecture]
    script = f"import sys; sys.path.append({str(layer / 'python')!r})\n{IMPORTS}"
    output = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script], check=True, stdout=subprocess.PIPE
    ).stdout
    told = json.loads(output)
    locked = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", REQUIREMENTS.read_text(), re.MULTILINE))

    assert told["psycopg"] == "binary"
    assert told["from"] == [str(layer)]
    assert told["versions"] == locked


@pytest.mark.skipif(not Platform.of_host().is_linux, reason="the layer's modules are for Linux")
def test_a_cold_start_compiles_none_of_it(
    dependency_layers: dict[Architecture, Path],
) -> None:
    packages = dependency_layers[Platform.of_host().architecture] / "python"
    report = "print(json.dumps(compiled), file=sys.stderr)"
    script = f"import sys; sys.path.append({str(packages)!r})\n{AUDIT}{IMPORTS}{report}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script], check=True, capture_output=True
    )
    compiled = json.loads(done.stderr)

    # The hook has seen something: some packages make code as they are imported.
    assert compiled
    assert [name for name in compiled if name.endswith(".py")] == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_both_layers_together_leave_lambda_room_for_the_functions(
    client_layers: dict[Architecture, Path],
    dependency_layers: dict[Architecture, Path],
    architecture: Architecture,
) -> None:
    sizes = [summarize(layers[architecture]).bytes for layers in (client_layers, dependency_layers)]

    assert all(size > 10_000_000 for size in sizes)
    assert sum(sizes) < LIMIT / 2


def test_a_requirement_without_a_hash_is_refused(fresh_build: Path, tmp_path: Path) -> None:
    requirements = tmp_path / "functions.txt"
    requirements.write_text("six==1.17.0\n")

    with pytest.raises(LayerError, match="hash"):
        dependency_layer("arm64", build=fresh_build, requirements=requirements)


def test_a_requirement_with_another_hash_is_refused(fresh_build: Path, tmp_path: Path) -> None:
    requirements = tmp_path / "functions.txt"
    requirements.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")

    with pytest.raises(LayerError, match=r"(?i)hash"):
        dependency_layer("arm64", build=fresh_build, requirements=requirements)
