"""The box is shaped like Lambda's; else what works in it would prove nothing."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.box import PYTHON, VARIABLES, Box
from tests.sandbox.seccomp import filter_file
from tests.support.backup_harness import MAJORS


@pytest.fixture(scope="module", params=["box", "drill_box"])
def inside(request: pytest.FixtureRequest) -> Box:
    """The box of each function in turn."""
    found: Box = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def found(inside: Box) -> dict[str, Any]:
    """What `probe.py` finds when it runs in the box."""
    probe = Path(__file__).with_name("probe.py").read_text()
    filter_fd = filter_file()
    try:
        done = subprocess.run(
            inside.argv([PYTHON, "-c", probe], {}, filter_fd=filter_fd),
            pass_fds=[filter_fd],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(filter_fd)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_its_user_has_a_number_and_neither_name_nor_power(found: dict[str, Any]) -> None:
    assert found["user"] == [993, 990, False]
    assert [int(each, 16) for each in found["capabilities"]] == [0, 0, 0]


def test_only_tmp_can_be_written_and_is_as_large_as_was_asked_for(
    found: dict[str, Any], inside: Box, drill_box: Box
) -> None:
    assert found["writable"] == ["/tmp"]  # noqa: S108
    assert found["tmp_bytes"] == (4096 if inside is drill_box else 512) * 1024 * 1024


def test_there_is_no_shared_memory_of_either_kind(found: dict[str, Any]) -> None:
    assert found["shared_memory"] is False
    assert found["system_v_memory"] == "Function not implemented"


def test_no_variable_of_the_callers_is_there(found: dict[str, Any]) -> None:
    assert found["variables"] == {**VARIABLES, "PWD": "/var/task"}


def test_the_layers_postgres_is_the_only_one(
    found: dict[str, Any], inside: Box, drill_box: Box
) -> None:
    servers = ("initdb", "postgres") if inside is drill_box else ()
    assert found["programs"] == sorted(
        f"/opt/lib/postgresql/{major}/bin/{program}"
        for major in MAJORS
        for program in ("pg_dump", "pg_dumpall", "pg_restore", *servers)
    )


def test_packages_come_from_the_layer_and_the_runtime_only(found: dict[str, Any]) -> None:
    assert found["imports"][:3] == ["", "/opt/python", "/var/runtime"]
    assert all(each.startswith("/var/lang/lib/python3") for each in found["imports"][3:])
    assert found["packages_of_python"] == []
