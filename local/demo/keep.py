"""What the demo leaves: its pages, and with `--keep` everything until Ctrl-C."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from local.demo.command_line import PROGRAM
from local.demo.environment import REPOSITORY, SOURCE, DemoEnvironment, console

PAGES = REPOSITORY / "build" / "demo"
_PREFIXES = ("status.html", "drills/", "restores/")


def save_pages(environment: DemoEnvironment) -> list[Path]:
    """Copy the pages for people out of the backup bucket; returns where they are.

    Of several of a kind the newest is copied, as `status.html`, `drills.html` and `restores.html`.
    """
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    found = []
    for prefix in _PREFIXES:
        keys = [
            each["Key"]
            for each in environment.objects()
            if each["Key"].startswith(prefix) and each["Key"].endswith(".html")
        ]
        if keys:
            page = PAGES / f"{prefix.removesuffix('.html').rstrip('/')}.html"
            page.write_bytes(environment.read(max(keys)))
            found.append(page)
    return found


def stay_up(environment: DemoEnvironment) -> None:
    """Print what another terminal needs, and wait.

    Raises:
        KeyboardInterrupt: when a person presses Ctrl-C.
    """
    console.print("\n[bold]Everything stays up until Ctrl-C.[/] In another terminal:\n")
    for line in exports(environment):
        console.print(line, soft_wrap=True, markup=False)
    console.print(
        "\nThen for example: lifeboat status, lifeboat backup app, lifeboat restore app. The"
        f" database:\npsql {quote(environment.server.url(database=SOURCE))}\n",
        soft_wrap=True,
        markup=False,
    )
    threading.Event().wait()


def exports(environment: DemoEnvironment) -> Iterator[str]:
    """Lines for a shell that lead AWS's tools, and ours, to the local AWS."""
    for name, value in sorted(environment.aws.variables().items()):
        yield f"export {name}={quote(value)}"
    yield f'export PATH={quote(str(PROGRAM.parent))}:"$PATH"'
