"""The frame of all HTML pages: one file for a browser or a printer, nothing to fetch, no script."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from string import Template

HTML = "text/html; charset=utf-8"
"""The content type of a page."""


@dataclass(frozen=True)
class Section:
    """One section of a page.

    Attributes:
        heading: plain text.
        body: HTML.
        long: whether it may be broken over several printed pages.
    """

    heading: str
    body: str
    long: bool = False

    @property
    def html(self) -> str:
        """The whole section."""
        kind = ' class="long"' if self.long else ""
        return f"<section{kind}>\n<h2>{escape(self.heading)}</h2>\n{self.body}\n</section>\n"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: a heading that says how things are, then sections.

    Attributes:
        title: for the browser's tab; plain text.
        mood: the class that colours the heading: "proven", "partial" or "failed".
        kicker: what the page is about, above the heading; plain text.
        heading: plain text.
        lead: what comes below the heading; HTML.
        sections: in their order.
        style: rules of this kind of page; CSS.
    """

    title: str
    mood: str
    kicker: str
    heading: str
    lead: str
    sections: Iterable[Section]
    style: str = ""

    @property
    def html(self) -> str:
        """The page, whole in itself."""
        return _FRAME.substitute(
            title=escape(self.title),
            style=_STYLE + self.style,
            mood=escape(self.mood),
            kicker=escape(self.kicker),
            heading=escape(self.heading),
            lead=self.lead,
            sections="".join(each.html for each in self.sections),
        )


def points(items: Iterable[str], kind: str) -> str:
    """A list of plain texts with a class; "" if there are none."""
    listed = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f'<ul class="{kind}">{listed}</ul>' if listed else ""


def figures(facts: Iterable[tuple[str, str]]) -> str:
    """Names and values, side by side; plain texts."""
    pairs = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(fact)}</dd></div>" for name, fact in facts
    )
    return f"<dl>{pairs}</dl>"


_STYLE = """\
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2128; --soft: #5b6572; --line: #d8dee6; --tint: #f3f5f8;
  --proven: #1a7f4b; --partial: #9a6700; --failed: #c0262d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --ink: #e4e8ed; --soft: #9aa5b1; --line: #313944; --tint: #1d232b;
    --proven: #4cc38a; --partial: #e0b23c; --failed: #ff7b72;
  }
}
@media print {
  :root {
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --tint: #fff;
    --proven: #1a7f4b; --partial: #9a6700; --failed: #c0262d;
  }
  i, b { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { break-inside: avoid-page; }
  section.long { break-inside: auto; }
  tr, li { break-inside: avoid; }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 54rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
code { font: .92em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.proven { --mood: var(--proven); }
.partial { --mood: var(--partial); }
.failed { --mood: var(--failed); }
header { border-left: .5rem solid var(--mood); padding-left: 1.25rem; }
header p { margin: .25rem 0; overflow-wrap: anywhere; }
.kicker { color: var(--soft); }
h1 { margin: 0; font-size: 3.25rem; line-height: 1.15; color: var(--mood); }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem; }
@media (max-width: 36rem) {
  body { padding: 1.25rem .875rem 3rem; }
  h1 { font-size: 2.25rem; }
  header { padding-left: .875rem; }
}
ul, ol { margin: .5rem 0; padding-left: 1.25rem; }
li, dd { overflow-wrap: anywhere; }
.advice { margin-top: 1rem; padding: .75rem 1rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .375rem; overflow-wrap: anywhere; }
.tag { color: var(--mood, var(--soft)); font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem;
  margin: 0; }
dt { color: var(--soft); font-size: .875rem; } dd { margin: 0; }
"""

# The policy in the head keeps the page from fetching or running anything, whatever stands in it.
_FRAME = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<header class="$mood">
<p class="kicker">$kicker</p>
<h1>$heading</h1>
$lead
</header>
<main>
$sections</main>
</body>
</html>
""")
