"""The plan of a swap: the new names, warnings, blockers, and the way back."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.model.drill_report import Verdict
from lifeboat.model.identifiers import quoted
from lifeboat.model.text import format_time, join_first, line, plural
from lifeboat.restore.policy.copy_names import name_of, parse_copy_name
from lifeboat.restore.policy.database_answers import ConnectedClient, SwapPlan
from lifeboat.restore.policy.event import Action, RestoreEvent
from lifeboat.restore.policy.facts import TargetFacts
from lifeboat.restore.policy.plan import Plan
from lifeboat.restore.policy.report import RestoreReport


@dataclass(frozen=True, kw_only=True)
class Swap:
    """The databases that would change their names.

    Attributes:
        copy: that takes the live one's place.
        live: the name that it gets.
        before: the name that the live one gets; None where there is no live one.
    """

    copy: str
    live: str
    before: str | None

    @property
    def renames(self) -> Mapping[str, str]:
        """New names by old ones, in order."""
        first = {self.live: self.before} if self.before else {}
        return {**first, self.copy: self.live}

    @property
    def rollback_sql(self) -> str:
        """The statements that go back, to be run in another database of the server."""
        return f"BEGIN; {_rename(self.live, self.copy)} " + (
            f"{_rename(self.before, self.live)} COMMIT;" if self.before else "COMMIT;"
        )


def swap_of(event: RestoreEvent, live: str, databases: frozenset[str], now: datetime) -> Swap:
    """Which names would change.

    Args:
        event: what was asked for.
        live: the name that the copy is to get.
        databases: that are there.
        now: goes into the name of what is moved aside.
    """
    before = _free_name(live, databases, now) if live in databases else None
    return Swap(copy=event.restored_database or "", live=live, before=before)


def _free_name(live: str, databases: Collection[str], now: datetime) -> str:
    """A free name for the previous live database; two swaps may happen in the same second."""
    while (name := name_of(live, "before", now)) in databases:
        now += timedelta(seconds=1)
    return name


def live_of(copy: str, report: RestoreReport | None) -> str | None:
    """The live database that a copy replaces; None if neither report nor name is certain."""
    if report is not None:
        return report.live_database
    name = parse_copy_name(copy)
    return name.base if name and name.kind == "before" and not name.is_cut else None


def plan_swap(
    event: RestoreEvent,
    swap: Swap,
    facts: TargetFacts,
    report: RestoreReport | None,
    clients: Sequence[ConnectedClient],
    replication: Sequence[str],
) -> SwapPlan:
    """The restored database into the live one's place.

    Args:
        event: what was asked for.
        swap: the names.
        facts: the server.
        report: of the restore that made the copy; None for what was live before.
        clients: who is connected to either of the databases.
        replication: the live database's logical slots and subscriptions.
    """
    renames = tuple(f"Rename {quoted(old)} to {quoted(new)}." for old, new in swap.renames.items())
    number = plural(sum(each.sessions for each in clients), "session")
    end = (f"End {number}: {describe_clients(clients)}.",) if clients else ()
    plan = Plan(
        event=event,
        backup=report.backup if report else None,
        data_as_of=report.snapshot_time if report else None,
        steps=(
            *end,
            *renames,
            "All in one transaction, in less than a second; nothing is dropped.",
            f"To go back afterwards: {swap.rollback_sql}",
        ),
        warnings=tuple(_warnings(swap, report, replication)),
        blockers=tuple(_blockers(event, swap, facts, report)),
        next_changes=(("action", Action.SWAP.value), ("confirm", swap.live)),
    )
    return SwapPlan(
        **dict(plan.answer()),
        server=facts.server,
        live_database=swap.live,
        restored_database=swap.copy,
        previous_database=swap.before,
        verdict=report.verdict if report else None,
        clients=tuple(clients),
    )


def describe_clients(clients: Sequence[ConnectedClient]) -> str:
    """The clients in words: `web as app at 10.0.0.7 (12)`; names that they chose can't forge."""
    return join_first(map(_client, clients))


def _client(client: ConnectedClient) -> str:
    words = [
        line(client.application or "unnamed"),
        f"as {quoted(client.role)}" if client.role else "",
        f"at {client.address}" if client.address else "",
        f"({client.sessions})",
    ]
    return " ".join(word for word in words if word)


def _warnings(
    swap: Swap, report: RestoreReport | None, replication: Sequence[str]
) -> Iterator[str]:
    if report:
        aside = " It stays in the database that is moved aside." if swap.before else ""
        yield (
            f"Whatever was written to {quoted(swap.live)} after"
            f" {format_time(report.snapshot_time)} is not in the copy.{aside}"
        )
        if report.verdict is not Verdict.PROVEN:
            yield _not_proven(report)
        if report.notes:
            yield " ".join(report.notes)
    if swap.before:
        yield (
            "Settings, grants, limit, comment and owner of the database itself are taken from"
            f" {quoted(swap.live)} as it is now, not from the backup."
        )
    else:
        yield f"There is no {quoted(swap.live)} on this server: the copy just gets its name."
    if replication and swap.before:
        yield (
            "Logical replication stays with the database that is moved aside"
            f" ({join_first(replication)}): consumers go on reading the old rows, and a slot that"
            " nobody reads keeps WAL until the disk is full. After the swap, drop what is no longer"
            f" needed and create it again in the new {quoted(swap.live)}."
        )
    yield "Clients lose their connections once and have to connect again."


def _blockers(
    event: RestoreEvent, swap: Swap, facts: TargetFacts, report: RestoreReport | None
) -> Iterator[str]:
    if swap.copy not in facts.databases:
        there = sorted(name for name in facts.databases if parse_copy_name(name))
        yield (
            f"There is no database {quoted(swap.copy)} on {facts.server}. Copies there:"
            f" {join_first(there) or 'none'}. If it was swapped in already, there is nothing to do."
        )
    if report is None:
        return
    if report.endpoint != facts.endpoint:
        yield (
            f"The copy was restored on {report.server}, and this is {facts.server}: give the same"
            " `target` as for the restore."
        )
    if report.action != "restore":
        yield f"{quoted(swap.copy)} holds some tables only; it can't take a database's place."
    if report.verdict is not Verdict.PROVEN and not event.allow_unverified:
        yield f'{_not_proven(report)} To swap it in all the same, say "allow_unverified": true.'


def _not_proven(report: RestoreReport) -> str:
    return f"The copy is not proven but {report.verdict}: {' '.join(report.reasons)}"


def _rename(old: str, new: str) -> str:
    return f"ALTER DATABASE {quoted(old)} RENAME TO {quoted(new)};"
