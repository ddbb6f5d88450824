"""`make pictures`: draws docs/pictures/*.png with the Chromium of this machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.pictures.drill import drill_page
from tools.pictures.sample import GOOD, KINDS, sample_page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"

MAX_BYTES = 150_000
"""Of a picture: more would make the README slow."""

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_STATUS = {"app": GOOD, "billing": KINDS["stale"], "search": KINDS["gaps"], "shop": GOOD}


def main() -> None:
    """Draw both pictures, or say what is missing."""
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        sys.exit(f"Install one of these browsers, then try again: {', '.join(_NAMES)}.")
    PICTURES.mkdir(exist_ok=True)
    for name, page, height in (("status", sample_page(_STATUS), 860), ("drill", drill_page(), 860)):
        path = PICTURES / f"{name}.png"
        _draw(browser, page, path, height)
        size = path.stat().st_size
        if size > MAX_BYTES:
            sys.exit(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}: show less.")
        sys.stdout.write(f"{path.relative_to(PICTURES.parents[1])}: {size:,} bytes\n")


def _draw(browser: str, page: str, to: Path, height: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory) / "page.html"
        source.write_text(page)
        subprocess.run(  # noqa: S603 - our own words
            [
                browser,
                "--headless",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it can't sandbox root
                "--hide-scrollbars",
                f"--user-data-dir={directory}/profile",
                f"--window-size=1000,{height}",
                f"--screenshot={to}",
                source.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


if __name__ == "__main__":
    main()
