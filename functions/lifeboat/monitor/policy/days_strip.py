"""A database's last days as a strip of cells, and the same in words."""

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from lifeboat.model.drill_report import Verdict
from lifeboat.model.text import join_first, plural
from lifeboat.monitor.policy.days import Day

_DRILLED, _PARTIAL, _FAILED, _MISSED, _NOTHING = "✓", "~", "!", "×", "·"  # noqa: RUF001
_MARKS = {Verdict.PROVEN: _DRILLED, Verdict.PARTIAL: _PARTIAL, Verdict.FAILED: _FAILED}
_MAX_NAMED = 5

STRIP_STYLE = """\
.days { display: flex; gap: 2px; }
.days i { flex: 0 1 .9rem; width: .9rem; min-width: 0; height: 1.25rem;
  border: 1px solid var(--line); border-radius: 2px;
  font: 700 .75rem/1.15rem ui-monospace, Menlo, Consolas, monospace;
  display: flex; justify-content: center; overflow: hidden; color: var(--soft); }
.days .up { background: var(--proven); border-color: var(--proven); color: var(--paper); }
.days .some { border: 2px solid var(--partial); color: var(--partial); line-height: 1rem; }
.days .none { border: 2px solid var(--failed); color: var(--failed); line-height: 1rem; }
.days .bad { background: var(--failed); border-color: var(--failed); color: var(--paper); }
@media (max-width: 36rem) { .days .some, .days .none { border-width: 1px; line-height: 1.15rem; } }
.legend { color: var(--soft); font-size: .875rem; display: flex; flex-wrap: wrap;
  gap: .25rem 1rem; margin: .5rem 0; padding: 0; list-style: none; }
.legend li { display: flex; gap: .375rem; } .legend i { flex: none; width: .9rem; }
"""


def strip(days: Sequence[Day]) -> str:
    """A cell for each day, the newest last. `days_in_words` says the same to screen readers."""
    cells = "".join(map(_cell, days))
    return f'<div class="days" aria-hidden="true">{cells}</div>'


def legend() -> str:
    """What the cells mean."""
    kinds = (
        ("up", "", "backed up"),
        ("up", _DRILLED, "and drilled"),
        ("up", _PARTIAL, "drill partial"),
        ("bad", _FAILED, "drill failed"),
        ("some", _MISSED, "some backups missed"),
        ("none", _MISSED, "missed"),
        ("", _NOTHING, "nothing due, or expired"),
    )
    shown = "".join(
        f'<li><span class="days" aria-hidden="true"><i class="{kind}">{mark}</i></span>'
        f"<span>{words}</span></li>"
        for kind, mark, words in kinds
    )
    return f'<ul class="legend">{shown}</ul>'


def days_in_words(days: Sequence[Day]) -> str:
    """The strip as a sentence."""
    backed_up = sum(day.backups > 0 for day in days)
    drilled = sum(bool(day.drills) for day in days)
    missed = join_first((_short(day.date) for day in days if day.missed), _MAX_NAMED)
    failed = join_first(
        (_short(day.date) for day in days if Verdict.FAILED in day.drills), _MAX_NAMED
    )
    parts = [
        f"backups on {plural(backed_up, 'day')}" if backed_up else "no backups",
        f"drills on {plural(drilled, 'day')}" if drilled else "no drills",
        f"missed on {missed}" if missed else "none missed",
        f"drill failed on {failed}" if failed else "",
    ]
    return f"Last {len(days)} days: {', '.join(filter(None, parts))}."


def _cell(day: Day) -> str:
    kind, mark = _look(day)
    title = f"{day.date.isoformat()}: {', '.join(_said(day))}"
    return f'<i class="{kind}" title="{escape(title)}">{mark}</i>'


def _look(day: Day) -> tuple[str, str]:
    """The class and the mark of a cell; what is wrong is shown before what is right."""
    if day.missed:
        return ("some" if day.backups else "none"), _MISSED
    if Verdict.FAILED in day.drills:
        return "bad", _FAILED
    drilled = _DRILLED if None in day.drills or Verdict.PROVEN in day.drills else ""
    mark = drilled or next((_MARKS[each] for each in day.drills if each), "")
    return ("up", mark) if day.backups else ("", mark or _NOTHING)


def _said(day: Day) -> Iterator[str]:
    if day.backups:
        yield plural(day.backups, "backup")
    if day.missed:
        yield f"{plural(day.missed, 'run')} missed"
    for verdict in day.drills:
        yield f"drill {verdict}" if verdict else "drill"
    if not (day.backups or day.missed or day.drills):
        yield "nothing due, or expired"


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"
