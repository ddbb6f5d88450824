"""What the HTML reports of drills and of restores have in common: steps, checks and tables."""

from collections.abc import Iterable, Mapping
from html import escape

from lifeboat.model.drill_report import Check, Outcome, TableResult
from lifeboat.model.identifiers import qualified
from lifeboat.model.page import Section, points
from lifeboat.model.text import format_duration

_OUTCOMES = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.UNTESTED: "untested"}
_LEFT_OUT = "left out"
_ORDER = ("failed", "untested", "passed", _LEFT_OUT)
_COLOURS = 9

MEANINGS: Mapping[str, str] = {
    "checksum": "every byte of the archive, by the SHA-256 in the manifest",
    "version": "the archive is the version that the manifest names: nobody has overwritten it",
    "decode": "the archive, read to its end",
    "roles": "the roles of the backup can be created",
    "restore": "pg_restore created everything",
    "rows": "the number of rows of every table, and of large objects",
    "content": "every value of every row, and every large object",
    "sequences": "the value of every sequence",
    "extensions": "names and versions of the extensions",
    "definitions": "name, owner and text of tables, indexes, constraints and all else",
    "collations": "the rules by which text is sorted",
    "settings": "what is set on the database itself: settings, grants, limits, owner",
}
"""What each check looks at, for people who read a report; docs/runbooks/drills.md says more. An
owner's own query says it by its name."""

REPORT_STYLE = """\
.passed .tag { --mood: var(--proven); }
.untested .tag { --mood: var(--partial); }
.failed .tag { --mood: var(--failed); }
.reasons { font-weight: 600; }
.checks { list-style: none; padding: 0; }
.checks > li { padding: .5rem 0; border-top: 1px solid var(--line); }
.checks .tag { display: inline-block; width: 5.5rem; }
.means { color: var(--soft); }
.details { color: var(--soft); margin-left: 5.5rem; }
.wide { overflow-x: auto; } .tables th[scope="row"] { min-width: 11rem; }
.tables tbody tr { border-top: 1px solid var(--line); }
@media (max-width: 36rem) { .details { margin-left: 0; } }
.target { position: relative; display: flex; height: 2rem; background: var(--tint);
  border: 1px solid var(--line); border-radius: .25rem; }
.target i { min-width: 1px; }
.target b { position: absolute; top: -.375rem; bottom: -.375rem;
  border-left: 2px solid var(--ink); }
.scale { display: flex; justify-content: space-between; margin: .25rem 0 1rem; color: var(--soft);
  font-size: .875rem; }
.steps th { width: 6rem; } .steps td.n { width: 7rem; }
.steps .bar i { display: block; height: .75rem; margin-top: .4rem; min-width: 2px;
  border-radius: .125rem; }
.c0 { background: #4c8dd6; } .c1 { background: #59a89c; } .c2 { background: #a0a8b3; }
.c3 { background: #8d7bc7; } .c4 { background: #e08a3c; } .c5 { background: #c95f7b; }
.c6 { background: #7aa83f; } .c7 { background: #b59b5b; } .c8 { background: #7d8794; }
"""


def colour(number: int) -> str:
    """The class that colours a step."""
    return f"c{number % _COLOURS}"


def steps(seconds: Mapping[str, float]) -> str:
    """The time of each step, with a bar."""
    longest = max(seconds.values(), default=0.0) or 1.0
    rows = "".join(
        f'<tr><th scope="row">{escape(step)}</th><td class="n">{format_duration(each)}</td>'
        f'<td class="bar"><i class="{colour(number)}" style="width:{each / longest:.2%}"></i></td>'
        "</tr>"
        for number, (step, each) in enumerate(seconds.items())
    )
    return f'<table class="steps"><tbody>{rows}</tbody></table>'


def checks_section(checks: Iterable[Check]) -> Section:
    """Each check with its outcome and details."""
    listed = "".join(map(_check, checks))
    return Section("What was checked", f'<ul class="checks">{listed}</ul>', long=True)


def _check(check: Check) -> str:
    details = points(check.details, "details")
    outcome = _OUTCOMES[check.outcome]
    meaning = MEANINGS.get(check.name)
    means = f' <span class="means">{escape(meaning)}</span>' if meaning else ""
    return (
        f'<li class="{outcome}"><span class="tag">{outcome}</span> <strong>{escape(check.name)}'
        f"</strong>{means}{details}</li>"
    )


def tables_section(tables: Iterable[TableResult]) -> Section:
    """A row for each table, those with something to say first; a phone shows how it went."""
    ordered = sorted(tables, key=lambda table: _ORDER.index(_outcome(table)))
    rows = "".join(map(_table, ordered))
    whole = (
        '<div class="wide"><table class="tables"><thead><tr><th scope="col">Outcome</th>'
        '<th scope="col">Table</th><th scope="col" class="n">Expected</th>'
        '<th scope="col" class="n">Restored</th><th scope="col">Content</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    return Section("Tables", whole if rows else "<p>No tables were compared.</p>", long=True)


def _outcome(table: TableResult) -> str:
    """In a word. One that is there and still untested is one whose rows the settings leave out."""
    if table.outcome is Outcome.UNTESTED and table.restored is not None:
        return _LEFT_OUT
    return _OUTCOMES[table.outcome]


def _table(table: TableResult) -> str:
    content = {True: "same", False: "differs", None: "not read"}[table.content]
    outcome = _outcome(table)
    return (
        f'<tr class="{outcome.replace(" ", "-")}"><td><span class="tag">{outcome}</span></td>'
        f'<th scope="row">'
        f"<bdi>{escape(qualified(table.schema, table.name))}</bdi></th>"
        f'<td class="n">{_rows(table.expected)}</td><td class="n">{_rows(table.restored)}</td>'
        f"<td>{content}</td></tr>"
    )


def _rows(rows: int | None) -> str:
    return "none" if rows is None else f"{rows:,}"
