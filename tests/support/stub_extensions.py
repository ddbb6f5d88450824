"""Extensions that a test's server has for a while, and the drill's own never."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.postgres import PostgresServer


@contextmanager
def stub_extension(
    server: PostgresServer, name: str, script: str, control: str = ""
) -> Iterator[None]:
    """Let the server have an extension's files; what was created of it stays as it is."""
    folder = server.programs.parent / "share" / "extension"
    files = {
        folder / f"{name}.control": f"default_version = '1.0'\n{control}",
        folder / f"{name}--1.0.sql": script,
    }
    for file, text in files.items():
        file.write_text(text)
        file.chmod(0o644)  # the server runs as another user, where we are root
    try:
        yield
    finally:
        for file in files:
            file.unlink()
