"""The pages of the project hang together: links, indexes, the picture, licence and version."""

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import lifeboat
from tests.support.doc_pages import DOCS, Page
from tools.pictures.__main__ import MAX_BYTES

REPOSITORY = Path(__file__).parents[2]
OTHERS = {".venv", ".venv-localaws", "node_modules", "build", "cdk.out", ".hypothesis"}
TEMPLATES = {"benchmarks/page.md"}
"""Pages that `make bench` fills and writes elsewhere; their links fit there."""
IN_BUCKET = (
    "attempts/",
    "drills/",
    "restores/",
    "monitor/",
    "evidence/",
    "status.html",
    "tools/lifeboat.pyz",
)
ELSEWHERE = ("https://", "http://", "mailto:")


def markdown() -> list[Path]:
    """Every page of the checkout that is ours."""
    return sorted(
        path
        for path in REPOSITORY.rglob("*.md")
        if not OTHERS.intersection(path.relative_to(REPOSITORY).parts)
        and named(path) not in TEMPLATES
    )


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def test_there_are_pages_to_look_at() -> None:
    assert {"README.md", "docs/README.md", "layers/README.md"} <= {named(p) for p in markdown()}


@pytest.mark.parametrize("path", markdown(), ids=named)
def test_every_relative_link_leads_to_a_file_and_a_heading_that_are_there(path: Path) -> None:
    for link in Page.read(path).links:
        if link.startswith(ELSEWHERE):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_relative_to(REPOSITORY), link
        assert target.exists(), link
        assert not anchor or anchor in Page.read(target).anchors, link


def test_every_page_of_docs_is_in_its_index() -> None:
    linked = set(Page.read(DOCS / "README.md").links)
    pages = {path.name for path in DOCS.glob("*.md")} - {"README.md"}
    indexes = {f"{path.parent.name}/README.md" for path in DOCS.glob("*/README.md")}
    assert pages | indexes <= linked


def test_every_decision_is_in_the_index_by_its_number_and_once() -> None:
    text = (DOCS / "decisions" / "README.md").read_text()
    listed = re.findall(r"^\| \[(\d+)\]\(([^)]+)\) \| \S", text, re.MULTILINE)
    records = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name for _, name in listed] == records
    for number, name in listed:
        assert name.startswith(f"{int(number):04}-")
        assert Page.read(DOCS / "decisions" / name).headings[0].startswith(f"{number}. ")


@pytest.mark.parametrize(
    "page", ["CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/design.md"]
)
def test_every_file_that_a_page_names_in_passing_is_there(page: str) -> None:
    roots = (REPOSITORY, REPOSITORY / "functions/lifeboat")
    text = (REPOSITORY / page).read_text()
    paths = re.findall(r"`([\w.*-]+/[\w./*-]*)(?:::(\w+))?`", text)
    assert paths
    for path, test in paths:
        found = [match for root in roots for match in root.glob(path)]
        assert found or path.startswith(IN_BUCKET), path
        assert not test or f"def {test}(" in found[0].read_text(), test


def test_the_picture_is_text_that_needs_nothing_from_elsewhere() -> None:
    source = (DOCS / "architecture.svg").read_text()
    picture = ET.fromstring(source)  # noqa: S314  # our own
    assert picture.get("viewBox")
    assert "prefers-color-scheme: dark" in source
    assert not re.search(r"href|url\((?!#)|@import|@font-face|<script|<image", source)
    names = {element.text for element in picture.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Backup function", "Drill function", "Monitor", "Restore function"} <= names


@pytest.mark.parametrize("name", ["status", "drill"])
def test_the_pictures_of_the_pages_are_small_pngs(name: str) -> None:
    picture = (DOCS / "pictures" / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) <= MAX_BYTES


def test_the_version_and_the_licence_are_the_same_wherever_they_are_said() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project["version"] == lifeboat.__version__
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (REPOSITORY / "LICENSE").read_text()
    for pattern in project["license-files"]:
        assert list(REPOSITORY.glob(pattern)), pattern
