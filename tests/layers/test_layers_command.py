import json
import shutil
from pathlib import Path

import pytest

from layers.__main__ import main
from layers.summary import summarize
from layers.target import Architecture
from lifeboat.errors import LayerError


def test_the_command_shows_what_was_built(
    client_layers: dict[Architecture, Path],
    server_layers: dict[Architecture, Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    assert main(["--arch", "arm64"]) == 0

    shown = capsys.readouterr().out
    layer = client_layers["arm64"]
    assert layer.name in shown
    assert server_layers["arm64"].name in shown
    assert "arm64, drill" in shown
    assert summarize(layer).digest in shown
    assert "2.34" in shown
    assert "x86_64" not in shown


def test_an_error_is_reported_and_fails_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> Path:
        raise LayerError("The disk is full.", todo="Make room.")

    monkeypatch.setattr("layers.__main__.client_layer", fail)

    assert main(["build"]) == 1

    assert "The disk is full." in capsys.readouterr().err


def test_lock_refreshes_the_hashes_before_it_builds(
    client_layers: dict[Architecture, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def build(architecture: Architecture) -> Path:
        done.append("build")
        return client_layers[architecture]

    monkeypatch.setattr("layers.__main__.refresh", lambda: done.append("lock"))
    for name in ("client_layer", "server_layer"):
        monkeypatch.setattr(f"layers.__main__.{name}", build)

    assert main(["lock", "--arch", "arm64"]) == 0

    assert done == ["lock", "build", "build"]


def test_a_summary_counts_what_is_there(
    client_layers: dict[Architecture, Path], tmp_path: Path
) -> None:
    program = client_layers["arm64"] / "lib/postgresql/18/bin/pg_dump"
    shutil.copy(program, tmp_path / "pg_dump")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory/notes.json").write_text(json.dumps({"two": 2}))

    summary = summarize(tmp_path)

    assert (summary.files, summary.bytes) == (2, program.stat().st_size + 10)
    assert summary.glibc == (2, 34)
