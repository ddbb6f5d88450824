"""What a layer can be built for."""

import platform
from enum import StrEnum
from typing import Literal, assert_never

from lifeboat.errors import LayerError

type Architecture = Literal["arm64", "x86_64"]
"""A Lambda architecture, by its Lambda name."""

ARCHITECTURES: tuple[Architecture, ...] = ("arm64", "x86_64")

GLIBC = (2, 34)
"""What Amazon Linux 2023 has, on which Lambda runs python3.13 (AWS: "Lambda runtimes")."""


class Platform(StrEnum):
    """An operating system and architecture for which the lock pins wheels."""

    LINUX_ARM64 = "linux-arm64"
    LINUX_X86_64 = "linux-x86_64"
    MACOS_ARM64 = "macos-arm64"
    MACOS_X86_64 = "macos-x86_64"

    @classmethod
    def of_lambda(cls, architecture: Architecture) -> "Platform":
        """The platform on which a Lambda function of this architecture runs."""
        return cls(f"linux-{architecture}")

    @classmethod
    def of_host(cls) -> "Platform":
        """The platform of this machine.

        Raises:
            LayerError: there are no PostgreSQL wheels for it.
        """
        system = {"Linux": "linux", "Darwin": "macos"}.get(platform.system())
        machine = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64"}.get(platform.machine())
        if system is None or machine is None:
            raise LayerError(
                f"There is no PostgreSQL build for {platform.system()} on {platform.machine()}.",
                todo="Use Linux or macOS on x86-64 or 64-bit ARM (on Windows: WSL).",
            )
        return cls(f"{system}-{machine}")

    @property
    def is_linux(self) -> bool:
        """Whether its programs are ELF files, linked to glibc."""
        return self in (Platform.LINUX_ARM64, Platform.LINUX_X86_64)

    @property
    def architecture(self) -> Architecture:
        """The processor's architecture, by its Lambda name."""
        return "arm64" if self in (Platform.LINUX_ARM64, Platform.MACOS_ARM64) else "x86_64"

    @property
    def uv_name(self) -> str:
        """What `uv --python-platform` calls it."""
        glibc = "_".join(map(str, GLIBC))
        match self:
            case Platform.LINUX_ARM64:
                return f"aarch64-manylinux_{glibc}"
            case Platform.LINUX_X86_64:
                return f"x86_64-manylinux_{glibc}"
            case Platform.MACOS_ARM64:
                return "aarch64-apple-darwin"
            case Platform.MACOS_X86_64:
                return "x86_64-apple-darwin"
            case _:
                assert_never(self)
