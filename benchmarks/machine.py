"""Describes the machine and the programs, without which a figure means nothing."""

import os
import platform
import subprocess
import sysconfig
from pathlib import Path

import boto3
import psutil

from benchmarks.harness import Harness


def describe(harness: Harness) -> dict[str, str]:
    """Hardware, versions, and which core whom was bound to."""
    with harness.server.admin() as connection:
        postgres = connection.info.parameter_status("server_version") or "unknown"
    rclone = Path(sysconfig.get_path("scripts")) / "rclone"
    cores = harness.cores
    bound = f"client to core {cores.client}, servers to core {cores.servers}" if cores else ""
    return {
        "cpu": f"{os.cpu_count()} x {_cpu_model()}",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "PostgreSQL": postgres,
        "boto3": boto3.__version__,
        "S3 server": _first_line([str(rclone), "version"]),
        **({"bound, in the parts with one core": bound} if cores else {}),
    }


def _cpu_model() -> str:
    """The processor's name where Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:  # macOS
        lines = []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _first_line(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.splitlines()[0]
