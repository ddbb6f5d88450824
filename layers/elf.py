"""What the dynamic linker reads in an ELF file: machine, libraries, search path, versions."""

from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

GLIBC_LIBRARIES = frozenset(
    {
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libresolv.so.2",
        "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1",
    }
)
"""The libraries of glibc, which every Linux system has; all others have to be brought along."""

_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class Elf:
    """The dynamic linker's view of one file.

    Attributes:
        machine: a Lambda architecture's name, or else ELF's own.
        needed: names of the libraries to load with it.
        soname: the name under which others load it.
        rpath: DT_RPATH, searched before LD_LIBRARY_PATH.
        runpath: DT_RUNPATH, searched after LD_LIBRARY_PATH; with it DT_RPATH is ignored.
        wants: the symbol versions that it needs of each library.
        defines: the symbol versions that it offers.
    """

    machine: str
    needed: tuple[str, ...]
    soname: str | None
    rpath: str | None
    runpath: str | None
    wants: dict[str, frozenset[str]]
    defines: frozenset[str]

    @property
    def searches(self) -> bool:
        """Whether it has a search path, or needs one to load what it needs beyond glibc."""
        return bool(self.rpath or self.runpath or not GLIBC_LIBRARIES.issuperset(self.needed))

    @property
    def glibc(self) -> tuple[int, ...]:
        """The oldest glibc that has all it needs, e.g. (2, 34); (0,) when it needs none."""
        versions = (
            version.removeprefix("GLIBC_")
            for versions in self.wants.values()
            for version in versions
            if version.startswith("GLIBC_") and version != "GLIBC_PRIVATE"
        )
        return max((tuple(map(int, version.split("."))) for version in versions), default=(0,))


def is_elf(path: Path) -> bool:
    """Whether it is a file that begins as ELF files do."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def read(path: Path) -> Elf:
    """Read a file for which `is_elf` holds.

    Raises:
        elftools.common.exceptions.ELFError: it is damaged.
    """
    tags: dict[str, list[str]] = {}
    wants: dict[str, frozenset[str]] = {}
    defines: frozenset[str] = frozenset()
    with path.open("rb") as file:
        elf = ELFFile(file)
        for section in elf.iter_sections():
            match section:
                case DynamicSection():
                    tags = _tags(section)
                case GNUVerNeedSection():
                    wants = _wanted(section)
                case GNUVerDefSection():
                    defines = _defined(section)
        machine = str(elf["e_machine"])
    return Elf(
        machine=_MACHINES.get(machine, machine),
        needed=tuple(tags.get("needed", ())),
        soname=_only(tags.get("soname")),
        rpath=_only(tags.get("rpath")),
        runpath=_only(tags.get("runpath")),
        wants=wants,
        defines=defines,
    )


def _only(values: list[str] | None) -> str | None:
    return values[0] if values else None


def _tags(section: DynamicSection) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    for tag in section.iter_tags():
        for kind in ("needed", "soname", "rpath", "runpath"):
            if tag.entry.d_tag == f"DT_{kind.upper()}":
                tags.setdefault(kind, []).append(str(getattr(tag, kind)))
    return tags


def _wanted(section: GNUVerNeedSection) -> dict[str, frozenset[str]]:
    return {
        str(library.name): frozenset(str(version.name) for version in versions)
        for library, versions in section.iter_versions()
    }


def _defined(section: GNUVerDefSection) -> frozenset[str]:
    return frozenset(str(name.name) for _, names in section.iter_versions() for name in names)
