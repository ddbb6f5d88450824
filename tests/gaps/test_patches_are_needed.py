"""`make gaps`: without one of its patches ministack still fails that patch's test."""

import os
import subprocess
import sys

import pytest

from tests.support.ministack_patches import REPOSITORY, Patch, patches

TESTS_FAILED = 1
"""pytest's exit code when tests ran and some of them failed."""


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.name)
def test_without_the_patch_its_test_fails(patch: Patch) -> None:
    """When this fails, the patch can go: see tools/ministack_patches/README.md."""
    ours = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "COV_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "--no-cov", patch.test],
        cwd=REPOSITORY,
        env=ours | {"LIFEBOAT_LEAVE_OPEN": patch.name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == TESTS_FAILED, f"ministack has it: {patch}\n{run.stdout}{run.stderr}"
