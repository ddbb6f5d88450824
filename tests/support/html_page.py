"""Reads the HTML pages that Lifeboat writes, and holds them to what every one of them must be."""

import re
from html.parser import HTMLParser

VOID = {"meta"}
EVIL = "<script>alert('x')</script><img src=//e.example/x onerror=\"y\"> & $title ${advice}"


class Page(HTMLParser):
    """Reads a page as strictly as a page of our own can be read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.source = page
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        """The values of all attributes of that name."""
        return [value or "" for key, value in self.attributes if key == name]


def require_self_contained(page: Page) -> None:
    """That a page fetches and runs nothing; a link may lead to a place of the page itself."""
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src"}
    assert all(target.startswith("#") for target in page.values("href"))
    policy = ("content", "default-src 'none'; style-src 'unsafe-inline'")
    assert policy in page.attributes


def require_style(page: Page) -> None:
    """That a page's style names nothing to fetch, and knows dark and paper."""
    (style,) = re.findall(r"<style>(.*?)</style>", page.source, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    for medium in ("@media (prefers-color-scheme: dark)", "@media print"):
        assert medium in style
    for name in set(re.findall(r"var\((--\w+)", style)):
        assert f"{name}:" in style
    assert style.count("{") == style.count("}")
