import re
from pathlib import Path

import pytest

from layers.__main__ import LIMIT
from layers.build import BUILD
from layers.closure import problems
from layers.postgres import MAJORS, server_layer
from layers.postgres.archive import files_of
from layers.postgres.extensions import STAND_INS
from layers.postgres.lock import program_wheel, read
from layers.postgres.server_layer import LAYER_PROGRAMS, SERVERS
from layers.postgres.shim import JAIL, SHIM
from layers.postgres.zones import relocate_zones
from layers.target import ARCHITECTURES, Architecture, Platform
from lifeboat.errors import LayerError
from lifeboat.postgres.native_counter import NAME as COUNTER
from tests.layers.trees import picture

MEGABYTE = 1024**2
WITH_VECTOR = {"x86_64": {16, 18}, "arm64": set()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_of_it_would_load_at_aws(
    server_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    assert list(problems(server_layers[architecture], architecture)) == []


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_function_has_room_for_it(
    server_layers: dict[Architecture, Path],
    dependency_layers: dict[Architecture, Path],
    architecture: Architecture,
) -> None:
    servers = size(server_layers[architecture])
    dependencies = size(dependency_layers[architecture])

    assert 100 * MEGABYTE < servers < 150 * MEGABYTE
    assert servers + dependencies < LIMIT - 50 * MEGABYTE


def size(layer: Path) -> int:
    """Bytes of all files, as Lambda counts them: zip files know no links."""
    return sum(path.stat().st_size for path in layer.rglob("*") if path.is_file())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_major_has_its_programs_modules_and_data(
    server_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    for major in MAJORS:
        server = server_layers[architecture] / "lib/postgresql" / str(major)
        programs = set((server / "bin").iterdir())

        assert {path.name for path in programs} == set(LAYER_PROGRAMS)
        assert all(path.stat().st_mode & 0o111 for path in programs)
        assert (server / "share/postgres.bki").is_file()
        assert (server / "lib/plpgsql.so").is_file()
        assert (server / "lib/vector.so").is_file() == (major in WITH_VECTOR[architecture])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_licence_of_every_file_is_in_it(
    server_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = server_layers[architecture] / "lib/postgresql"
    rows = [
        line.split("|")
        for readme in ("README.md", "SERVERS.md")
        for line in (root / "licences" / readme).read_text().splitlines()
        if re.match(r"\| [^f-]", line)
    ]
    libraries = {path.name for path in root.glob("lib*.so*")} - {SHIM, JAIL, COUNTER}
    texts = {row[4].strip() for row in rows}

    assert {name for row in rows for name in libraries if f"`{name}`" in row[1]} == libraries
    assert texts == {path.name for path in root.glob("licences/*.txt")}


def test_two_builds_are_equal_to_the_byte(
    server_layers: dict[Architecture, Path], fresh_build: Path
) -> None:
    again = server_layer("arm64", build=fresh_build)

    assert again != server_layers["arm64"]
    assert picture(again) == picture(server_layers["arm64"])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_servers_look_for_time_zones_beside_their_data_only(
    server_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = server_layers[architecture] / "lib/postgresql"
    for major in MAJORS:
        for name in SERVERS:
            program = (root / str(major) / "bin" / name).read_bytes()
            assert b"\0/usr/share/zoneinfo\0" not in program
            assert b"\0zoneinfo\0" in program
    assert (root / "zoneinfo/Europe/Berlin").read_bytes()[:4] == b"TZif"
    assert not [path for path in root.glob("zoneinfo/**/*") if path.suffix in {".py", ".tab"}]


def test_a_program_that_looks_elsewhere_for_time_zones_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "postgres"
    program.write_bytes(b"\0/usr/lib/zoneinfo\0")

    with pytest.raises(LayerError, match="postgres has 0 compiled-in paths"):
        relocate_zones([program])


def test_a_stand_in_has_the_functions_of_the_original() -> None:
    script = "uuid-ossp--1.1.sql"
    wheel = program_wheel(18, Platform.LINUX_X86_64, read())
    files = dict(files_of(wheel, build=BUILD))
    (original,) = (text.decode() for path, text in files.items() if path.name == script)

    wanted = functions(original)

    assert len(wanted) == 10
    assert functions((STAND_INS / script).read_text()) == wanted


def functions(script: str) -> set[tuple[str, ...]]:
    """Name, arguments, result, whether it is volatile, of every function that a script creates."""
    return set(
        re.findall(
            r"CREATE FUNCTION (\w+)\((.*?)\)\s+RETURNS (\w+)\s(?:AS .*\s)?"
            r"(IMMUTABLE|VOLATILE) STRICT LANGUAGE \w+ (PARALLEL SAFE)",
            script,
        )
    )
