import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from layers.build import ROOT, build_once, content_digest, digest
from lifeboat.errors import LayerError


def test_a_directory_is_filled_once_and_then_reused(tmp_path: Path) -> None:
    calls: list[Path] = []

    def fill(draft: Path) -> None:
        calls.append(draft)
        (draft / "file").write_text("content")

    first = build_once(tmp_path / "target", fill)
    second = build_once(tmp_path / "target", fill)

    assert first == second == tmp_path / "target"
    assert (second / "file").read_text() == "content"
    assert len(calls) == 1


def test_a_build_that_is_killed_half_way_is_not_taken_for_finished(tmp_path: Path) -> None:
    target = tmp_path / "target"
    script = f"""
import os, signal
from pathlib import Path
from layers.build import build_once
def fill(draft):
    (draft / "half").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
build_once(Path({str(target)!r}), fill)
"""
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'functions'}"}
    killed = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.rglob("half")] == ["half"], "it had begun"
    assert not target.exists()

    built = build_once(target, lambda draft: (draft / "whole").touch())

    assert [path.name for path in built.iterdir()] == ["whole"]


def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fill(draft: Path) -> None:
        (draft / "half").touch()
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        build_once(tmp_path / "target", fill)

    assert list(tmp_path.iterdir()) == []


def test_two_builds_of_the_same_at_once_are_one(tmp_path: Path) -> None:
    begun, calls = threading.Event(), []

    def slow(draft: Path) -> None:
        calls.append(draft)
        begun.set()
        time.sleep(0.3)
        (draft / "file").write_text("content")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(build_once, tmp_path / "target", slow)
        assert begun.wait(5)
        second = build_once(tmp_path / "target", slow)

    assert first.result() == second == tmp_path / "target"
    assert (second / "file").read_text() == "content"
    assert len(calls) == 1


def test_a_target_that_cannot_be_renamed_to_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("a file is in the way")

    with pytest.raises(NotADirectoryError):
        build_once(tmp_path / "target", lambda _: None)


def test_everyone_may_read_what_was_built_under_a_strict_umask(tmp_path: Path) -> None:
    def fill(draft: Path) -> None:
        (draft / "bin").mkdir()
        (draft / "bin/program").touch(mode=0o700)
        (draft / "data").touch(mode=0o600)

    before = os.umask(0o077)
    try:
        built = build_once(tmp_path / "target", fill)
    finally:
        os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in [built, *built.rglob("*")]}
    assert modes == {"target": 0o755, "bin": 0o755, "program": 0o755, "data": 0o644}


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayerError, match="symbolic link"):
        build_once(tmp_path / "target", lambda draft: (draft / "link").symlink_to("/etc/passwd"))

    assert not (tmp_path / "target").exists()


def test_a_digest_tells_parts_apart_however_they_are_cut() -> None:
    assert digest([b"ab", b"c"]) != digest([b"a", b"bc"])
    assert digest([b"ab", b"c"]) == digest(iter([b"ab", b"c"]))


@pytest.mark.parametrize("change", ["name", "mode", "content"])
def test_a_content_digest_sees_every_change(tmp_path: Path, change: str) -> None:
    file = tmp_path / "file"
    file.write_text("content")
    before = content_digest(tmp_path)
    match change:
        case "name":
            file.rename(tmp_path / "other")
        case "mode":
            file.chmod(0o755)
        case "content":
            file.write_text("context")

    assert content_digest(tmp_path) != before
