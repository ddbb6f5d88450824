"""Checks how a database changes between backups: it shrank, lost rows, or did not change."""

from collections.abc import Iterator
from datetime import timedelta
from statistics import median

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.steps import Step
from lifeboat.model.text import format_age, format_size, format_time, plural
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.checks.coverage import check_incomplete
from lifeboat.monitor.policy.database_view import RECENT, DatabaseView
from lifeboat.monitor.policy.table_losses import Losses, fell

MEDIAN_BACKUPS = 7
"""Backups before the newest whose median is the usual size."""

MIN_BACKUPS = 3
"""With fewer backups no usual size is known."""

_MAX_LISTED = 10
_MAX_ASKED = 5  # tables in the command; a person can add the others


def change_findings(view: DatabaseView) -> Iterator[Finding]:
    """What is unusual about the newest backups, compared with those before."""
    yield from _shrunk(view)
    for newer, older in view.pairs():
        if view.now - newer.data_as_of <= RECENT:
            yield from _tables_lost(view, older, newer)
    yield from _unchanged(view)


def _shrunk(view: DatabaseView) -> Iterator[Finding]:
    if not view.complete:
        return
    newest = view.complete[0]
    before = [each for each in view.complete[1:] if _comparable(each, newest)][:MEDIAN_BACKUPS]
    if len(before) < MIN_BACKUPS:
        return
    usual = median(each.rows for each in before)
    if fell(newest.rows, usual, view.settings.monitor.shrink_percent):
        was, now = f"{usual:,.0f} rows", f"{newest.rows:,} rows"
        yield _shrink(view, Code.ROW_COUNT_ANOMALY, was, now, len(before))
    usual = median(each.bytes for each in before)
    if fell(newest.bytes, usual, view.settings.monitor.shrink_percent):
        was, now = format_size(usual), format_size(newest.bytes)
        yield _shrink(view, Code.SIZE_ANOMALY, was, now, len(before))


def _comparable(one: BackupFacts, other: BackupFacts) -> bool:
    """Whether the two were taken with the same settings, so that their sizes can be compared."""
    return (one.compression, one.excluded) == (other.compression, other.excluded)


def _shrink(view: DatabaseView, code: Code, was: str, now: str, count: int) -> Finding:
    newest = view.complete[0]
    return Finding(
        code=code,
        level=Level.WARNING,
        database=view.name,
        headline=f"shrank from {was} to {now}",
        fact=f"{newest.location.id} holds {now}; the median of the {count} backups before it is"
        f" {was}.",
        limit=f"{view.settings.monitor.shrink_percent} % less (monitor.shrink_percent)",
        since=newest.data_as_of,
        passing=True,
        safe=f"The backup is complete: it has all that {view.name} held. Earlier backups still have"
        " the earlier data.",
        advice=(
            Step("If nobody deleted that much on purpose, check the database first."),
            Step(
                "Compare the tables of the two manifests",
                view.commands.show(newest.location.manifest_key),
            ),
        ),
    )


def _tables_lost(view: DatabaseView, older: BackupFacts, newer: BackupFacts) -> Iterator[Finding]:
    lost = newer.losses
    if lost is None or lost.since != older.location:
        yield check_incomplete(
            view.name,
            f"tables of {newer.location.id}",
            Level.WARNING,
            f"The tables of {newer.location.id} were not compared with those of"
            f" {older.location.id}: too many backups are out of order.",
            f"Compare the two manifests: {view.commands.show(newer.key)}",
        )
        return
    if not lost.count:
        return
    limits = view.settings.monitor
    first, more = lost.first[0], lost.count - 1
    named = [str(loss) for loss in lost.first[:_MAX_LISTED]]
    rest = f" and {lost.count - len(named)} more" if lost.count > len(named) else ""
    yield Finding(
        code=Code.TABLE_ROWS_DROPPED,
        level=_level(lost),
        database=view.name,
        subject=newer.location.id,
        headline=f"{first.headline}{f' and of {plural(more, "more table")}' if more else ''}"
        f"{', and has about as many again' if lost.restored else ''}",
        fact=f"Between {older.location.id} and {newer.location.id}"
        f" ({format_time(older.data_as_of)} to {format_time(newer.data_as_of)}):"
        f" {', '.join(named)}{rest}.",
        limit=f"{limits.table_loss_percent} % of a table with {limits.table_loss_rows} rows or more"
        " (monitor.table_loss_percent, table_loss_rows)",
        since=newer.data_as_of,
        safe=f"{older.location.id} has the rows from before{_kept_until(older)}",
        advice=(
            *_what_to_ask(view.name, lost),
            view.commands.to_restore_tables(
                "Restore the rows into tables beside the live ones; first it shows a plan, which"
                " changes nothing",
                view.name,
                older.location.id,
                [loss.name for loss in lost.first[:_MAX_ASKED]],
            ),
        ),
        passing=True,
    )


def _what_to_ask(database: str, lost: Losses) -> tuple[Step, Step]:
    """The first two steps of a person who reads that rows are lost."""
    if lost.restored:
        return (
            Step("Ask whether somebody restored them. If so, do nothing: this ends by itself."),
            Step("If nobody did, these are other rows. Then ask whether the old ones are missed."),
        )
    return (
        Step(
            "Ask whether somebody did it on purpose: a migration, a clean-up, a dropped"
            " partition. If so, do nothing: this alert ends by itself."
        ),
        Step(f"If not, stop what writes to {database}."),
    )


def _level(lost: Losses) -> Level:
    """Rows that are there again may be the old ones or others: people should know, not wake up."""
    if lost.restored:
        return Level.INFO
    return Level.WARNING if lost.harmless else Level.CRITICAL


def _kept_until(backup: BackupFacts) -> str:
    return (
        f", and is kept until {format_time(backup.expires)}."
        if backup.expires
        else ", and is kept."
    )


def _unchanged(view: DatabaseView) -> Iterator[Finding]:
    same = list(_same_as_newest(view))
    if not same or not view.complete[0].detects_changes:
        return
    newest, oldest = view.complete[0], same[-1]
    unchanged = newest.data_as_of - oldest.data_as_of
    if unchanged < timedelta(days=view.settings.monitor.unchanged_days):
        return
    lsn = f", at the same place in the write-ahead log ({newest.lsn})"
    yield Finding(
        code=Code.DATA_UNCHANGED,
        level=Level.WARNING,
        database=view.name,
        headline=f"has not changed for {format_age(unchanged)}",
        fact=f"{plural(len(same) + 1, 'backup')} from {oldest.location.id} to {newest.location.id}"
        f" hold the same tables with the same numbers of rows{lsn if newest.lsn else ''}.",
        limit=f"{view.settings.monitor.unchanged_days} days (monitor.unchanged_days)",
        since=oldest.data_as_of,
        basis=newest.data_as_of,
        safe="The backups are complete, but they may be of the wrong database.",
        advice=(
            Step(
                f"Check that the secret of {view.name} names the database in use, not a stopped"
                " replica or an abandoned branch."
            ),
            Step(
                "If it is not in use, raise monitor.unchanged_days in lifeboat.toml, then make"
                " deploy."
            ),
        ),
    )


def changed_lately(view: DatabaseView) -> bool:
    """Whether the backups show that the database changes.

    It is not enough that there is no finding: perhaps a standstill could not be detected.
    """
    same = len(list(_same_as_newest(view)))
    return (
        bool(view.complete) and view.complete[0].detects_changes and same + 1 < len(view.complete)
    )


def _same_as_newest(view: DatabaseView) -> Iterator[BackupFacts]:
    """The backups before the newest that have the same content, without a gap."""
    for each in view.complete[1:]:
        if each.content != view.complete[0].content:
            return
        yield each
