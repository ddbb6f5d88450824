"""Whether a database changes from backup to backup as a living one does."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.text import format_age, format_size, format_time, plural
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.checks.coverage import not_seen
from lifeboat.monitor.policy.database_view import RECENT, Case
from lifeboat.monitor.policy.table_losses import fell

MEDIAN_OF = 7
"""How many backups before the newest say what is usual."""

FEWEST = 3
"""Of fewer backups there is no telling what is usual."""

_NAMED = 10
_ASKED = 5  # tables in the command; a person sees how to add the others


def change_findings(case: Case) -> Iterator[Finding]:
    """What is odd about how the newest backups differ from those before."""
    yield from _shrunk(case)
    for newer, older in case.pairs():
        if case.now - newer.shows <= RECENT:
            yield from _tables_lost(case, older, newer)
    yield from _unchanged(case)


def _shrunk(case: Case) -> Iterator[Finding]:
    if not case.whole:
        return
    newest = case.whole[0]
    before = [each for each in case.whole[1:] if _comparable(each, newest)][:MEDIAN_OF]
    if len(before) < FEWEST:
        return
    usual = median(each.rows for each in before)
    if fell(newest.rows, usual, case.settings.monitor.shrink_percent):
        was, now = f"{usual:,.0f} rows", f"{newest.rows:,} rows"
        yield _shrink(case, Code.ROW_COUNT_ANOMALY, was, now, len(before))
    usual = median(each.bytes for each in before)
    if fell(newest.bytes, usual, case.settings.monitor.shrink_percent):
        was, now = format_size(usual), format_size(newest.bytes)
        yield _shrink(case, Code.SIZE_ANOMALY, was, now, len(before))


def _comparable(one: BackupFacts, other: BackupFacts) -> bool:
    """Whether the two were taken by the same settings, so that their sizes can be compared."""
    return (one.compression, one.excluded) == (other.compression, other.excluded)


def _shrink(case: Case, code: Code, was: str, now: str, count: int) -> Finding:
    newest = case.whole[0]
    return Finding(
        code=code,
        level=Level.WARNING,
        database=case.name,
        headline=f"shrank from {was} to {now}",
        fact=f"{newest.location.id} holds {now}; the median of the {count} backups before it is"
        f" {was}.",
        limit=f"{case.settings.monitor.shrink_percent} % less (monitor.shrink_percent)",
        since=newest.shows,
        passing=True,
        safe=f"The backup is complete: it has all that {case.name} held. Earlier backups still have"
        " the earlier data.",
        advice=(
            "If nobody deleted that much on purpose, check the database first.",
            "Compare the tables of the two manifests: "
            + case.commands.show(newest.location.manifest_key),
        ),
    )


def _tables_lost(case: Case, older: BackupFacts, newer: BackupFacts) -> Iterator[Finding]:
    lost = newer.losses
    if lost is None or lost.since != older.location:
        yield not_seen(
            case.name,
            f"tables of {newer.location.id}",
            Level.WARNING,
            f"The tables of {newer.location.id} were not compared with those of"
            f" {older.location.id}: too many backups are out of order.",
            f"Compare the two manifests: {case.commands.show(newer.key)}",
        )
        return
    if not lost.count:
        return
    limits = case.settings.monitor
    first, more = lost.first[0], lost.count - 1
    asked = {
        "action": "restore-tables",
        "database": case.name,
        "backup": older.location.id,
        "tables": [loss.name for loss in lost.first[:_ASKED]],
    }
    named = [str(loss) for loss in lost.first[:_NAMED]]
    rest = f" and {lost.count - len(named)} more" if lost.count > len(named) else ""
    yield Finding(
        code=Code.TABLE_ROWS_DROPPED,
        level=Level.WARNING if lost.harmless else Level.CRITICAL,
        database=case.name,
        subject=newer.location.id,
        headline=f"lost rows of {first.name}"
        + (f" and {plural(more, 'more table')}" if more else ""),
        fact=f"Between {older.location.id} and {newer.location.id}"
        f" ({format_time(older.shows)} to {format_time(newer.shows)}): {', '.join(named)}{rest}.",
        limit=f"{limits.table_loss_percent} % of a table with {limits.table_loss_rows} rows or more"
        " (monitor.table_loss_percent, table_loss_rows)",
        since=newer.shows,
        safe=f"{older.location.id} has the rows from before{_kept_until(older)}",
        advice=(
            "Ask whether somebody did it on purpose: a migration, a clean-up, a dropped partition.",
            (
                f"If not, stop all writes to {case.name}. Then plan how to restore the rows; a plan"
                f" changes nothing: {case.commands.restore(asked)}"
            ),
        ),
        passing=True,
    )


def _kept_until(backup: BackupFacts) -> str:
    return (
        f", and is kept until {format_time(backup.expires)}."
        if backup.expires
        else ", and is kept."
    )


def _unchanged(case: Case) -> Iterator[Finding]:
    same = list(_same_as_newest(case))
    if not same or not case.whole[0].shows_changes:
        return
    newest, oldest = case.whole[0], same[-1]
    stood = newest.shows - oldest.shows
    if stood < timedelta(days=case.settings.monitor.unchanged_days):
        return
    lsn = f", at the same place in the write-ahead log ({newest.lsn})"
    yield Finding(
        code=Code.DATA_UNCHANGED,
        level=Level.WARNING,
        database=case.name,
        headline=f"has not changed for {format_age(stood)}",
        fact=f"{plural(len(same) + 1, 'backup')} from {oldest.location.id} to {newest.location.id}"
        f" hold the same tables with the same numbers of rows{lsn if newest.lsn else ''}.",
        limit=f"{case.settings.monitor.unchanged_days} days (monitor.unchanged_days)",
        since=oldest.shows,
        basis=newest.shows,
        safe="The backups are complete, but they may be of the wrong database.",
        advice=(
            (
                f"Check that the secret of {case.name} names the database in use, not a stopped"
                " replica or an abandoned branch."
            ),
            "If it is not in use, raise monitor.unchanged_days in lifeboat.toml, then make deploy.",
        ),
    )


def changed_lately(case: Case) -> bool:
    """Whether the backups show that the database does change.

    That they show no standstill is not enough: perhaps nobody could see one.
    """
    same = len(list(_same_as_newest(case)))
    return bool(case.whole) and case.whole[0].shows_changes and same + 1 < len(case.whole)


def _same_as_newest(case: Case) -> Iterator[BackupFacts]:
    """The backups before the newest, as long as nothing was different."""
    for each in case.whole[1:]:
        if each.content != case.whole[0].content:
            return
        yield each
