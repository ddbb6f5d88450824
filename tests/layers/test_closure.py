"""Each check is fed the fault that it is there for."""

import shutil
from pathlib import Path

import pytest
from elftools.common.exceptions import ELFError

from layers import elf
from layers.closure import assert_closed, problems, too_new_glibc
from layers.target import Architecture, Platform
from lifeboat.errors import LayerError
from tests.layers.trees import patchelf

HERE: Architecture = Platform.of_host().architecture
OTHER: Architecture = "arm64" if HERE == "x86_64" else "x86_64"


@pytest.fixture
def tree(host_programs: Path, tmp_path: Path) -> Path:
    """A sound little layer: the libraries and the programs of one major."""
    tree = tmp_path / "layer"
    shutil.copytree(host_programs, tree, ignore=shutil.ignore_patterns("14", "15", "16", "17"))
    assert list(problems(tree, HERE)) == []
    return tree


def replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    assert len(old) == len(new)
    path.write_bytes(content.replace(old, new))


def test_a_missing_library_is_found(tree: Path) -> None:
    (tree / "libzstd.so.1").unlink()

    assert [line for line in problems(tree, HERE) if line.startswith("18/bin/pg_restore")] == [
        "18/bin/pg_restore: needs libzstd.so.1, which is not where it searches ($ORIGIN/../..)"
    ]


def test_a_library_of_a_library_is_missed_too(tree: Path) -> None:
    (tree / "libkeyutils.so.1").unlink()

    assert any(line.startswith("libkrb5.so.3: needs libkey") for line in problems(tree, HERE))


def test_a_library_outside_of_the_layer_does_not_count(tree: Path) -> None:
    shutil.move(tree / "libz.so.1", tree.parent / "libz.so.1")
    program = tree / "18/bin/pg_dump"
    patchelf("--force-rpath", "--set-rpath", "$ORIGIN/../..:$ORIGIN/../../..", program)

    assert any(line.startswith("18/bin/pg_dump: needs libz.so.1") for line in problems(tree, HERE))


def test_a_search_path_that_the_environment_beats_is_found(tree: Path) -> None:
    patchelf("--remove-rpath", tree / "18/bin/pg_dump")
    patchelf("--set-rpath", "$ORIGIN/../..", tree / "18/bin/pg_dump")

    assert "18/bin/pg_dump: has DT_RUNPATH $ORIGIN/../.., which LD_LIBRARY_PATH beats" in problems(
        tree, HERE
    )


def test_a_search_path_of_the_build_machine_is_found(tree: Path) -> None:
    patchelf("--force-rpath", "--set-rpath", "$ORIGIN:/usr/lib", tree / "libpq.so.5")

    assert list(problems(tree, HERE)) == [
        "libpq.so.5: searches /usr/lib, outside of the layer",
    ]


def test_code_for_another_processor_is_found(tree: Path, client_layers: dict[str, Path]) -> None:
    shutil.copy(client_layers[OTHER] / "lib/postgresql/libz.so.1", tree / "libz.so.1")

    assert list(problems(tree, HERE)) == [f"libz.so.1: is for {OTHER}, not {HERE}"]


def test_a_glibc_newer_than_lambdas_is_found(tree: Path) -> None:
    program = tree / "18/bin/pg_dump"
    assert elf.read(program).glibc == (2, 34)
    assert list(too_new_glibc(elf.read(program), limit=(2, 33))) == [
        "needs glibc 2.34, newer than 2.33"
    ]

    replace(program, b"\0GLIBC_2.34\0", b"\0GLIBC_2.35\0")

    assert list(problems(tree, HERE)) == [
        "18/bin/pg_dump: needs glibc 2.35, newer than 2.34",
    ]


def test_a_library_that_lacks_a_symbol_version_is_found(tree: Path) -> None:
    replace(tree / "libcrypto.so.3", b"\0OPENSSL_3.0.0\0", b"\0OPENSSL_0.0.3\0")

    assert "libpq.so.5: needs OPENSSL_3.0.0 of libcrypto.so.3, which doesn't define it" in problems(
        tree, HERE
    )


def test_a_symbolic_link_is_found(tree: Path) -> None:
    (tree / "libpq.so").symlink_to("libpq.so.5")

    assert list(problems(tree, HERE)) == ["libpq.so: is a symbolic link"]


@pytest.mark.parametrize("name", ["psql", "libreadline.so.8"])
def test_what_is_under_the_gpl_is_found(tree: Path, name: str) -> None:
    (tree / name).write_text("whatever it holds")

    assert list(problems(tree, HERE)) == [
        f"{name}: comes with GNU readline, which is under the GPL"
    ]


def test_the_error_names_every_fault_at_once(tree: Path) -> None:
    (tree / "libzstd.so.1").unlink()
    (tree / "psql").touch()

    with pytest.raises(LayerError) as caught:
        assert_closed(tree, HERE)

    assert "psql" in caught.value.what
    assert "pg_dump: needs libzstd.so.1" in caught.value.what


def test_a_damaged_file_is_not_passed_over(tree: Path) -> None:
    program = tree / "18/bin/pg_dump"
    program.write_bytes(program.read_bytes()[:100])

    with pytest.raises(ELFError):
        list(problems(tree, HERE))
