"""Warnings and blockers of a restore into a server."""

import json
from collections.abc import Iterable, Iterator

from lifeboat.model.identifiers import quoted
from lifeboat.model.text import format_size, join_first, plural
from lifeboat.model.thaw import speed_of
from lifeboat.recovery.policy.left_out import left_out_of_copies
from lifeboat.recovery.policy.reading import has_digests
from lifeboat.restore.policy.event import RestoreEvent
from lifeboat.restore.policy.facts import Capacity, RestoreSource, TargetFacts
from lifeboat.restore.policy.placement import room_blockers
from lifeboat.settings import RestoreSettings

_ONE_DATABASE_ONLY = frozenset({"pg_cron"})
"""Extensions that work in one database of a server, which a setting of the server names."""


def warnings(event: RestoreEvent, source: RestoreSource, facts: TargetFacts) -> Iterator[str]:
    """What may go wrong on this server, or differ from the original."""
    manifest = source.manifest
    if facts.major > manifest.source.major:
        yield (
            f"The server runs PostgreSQL {facts.major}, the backup is of {manifest.source.major}:"
            " that works as a rule, and is an upgrade."
        )
    wanted = [extension.name for extension in manifest.inventory.extensions]
    if lacking := [name for name in wanted if name not in facts.extensions]:
        yield (
            f"The server has no files of {plural(len(lacking), 'extension')}:"
            f" {join_first(lacking)}. What needs them will be missing, and the copy won't count as"
            " proven."
        )
    yield from left_out_of_copies(manifest.inventory)
    if alone := [
        name for name in wanted if name in _ONE_DATABASE_ONLY and source.live in facts.databases
    ]:
        yield (
            f"Only one database of a server may have {join_first(alone)}, and the live one has it:"
            " the copy comes without, and won't count as proven. After a swap, create it there and"
            " schedule its jobs again."
        )
    if event.owners == "keep" and (missing := missing_roles(source.roles or (), facts)):
        yield (
            f"{plural(len(missing), 'role')} of the source's server"
            f" {'is' if len(missing) == 1 else 'are'} not there: {join_first(missing)}. If the"
            " database needs one of them, the restore is refused before anything is made; create"
            " it or say"
            ' "owners": "none".'
        )
    if event.owners == "none":
        yield (
            f"Everything will belong to {quoted(facts.role)}, and nothing is granted to anybody"
            " else: grant your application what it needs."
        )
    if event.compare == "rows":
        yield "The rows that come back are only counted, so the copy won't count as proven."
    elif not has_digests(manifest.inventory):
        yield (
            "The backup was taken by an earlier version of Lifeboat, which made no digests of the"
            " rows: they can only be counted, and the copy won't count as proven."
        )
    if facts.live_bytes is not None:
        yield (
            f"The server needs room for {format_size(manifest.source.bytes)} beside the live"
            f" database ({format_size(facts.live_bytes)}); whether it has that can't be seen from"
            " here."
        )
    if not facts.superuser:
        yield (
            f"{quoted(facts.role)} is no superuser, so comments on extensions, event triggers and"
            " the like may be missing; the report tells them from real errors."
        )
    yield _whose_rights(event, facts)


def _whose_rights(event: RestoreEvent, facts: TargetFacts) -> str:
    """What the code that lies in a backup may do on this server, and how it may do less."""
    role = quoted(facts.role)
    runs = "Code in the backup (CHECKs, expressions of indexes, views) runs while it is restored"
    if facts.superuser:
        return (
            f"{runs}: here as {role}, a superuser, who may do anything on that server and read its"
            " files. If others could change definitions in the source, restore as a role that is"
            " none."
        )
    if event.owners == "keep":
        return (
            f"{runs}: here with the rights of {role} and of every owner that it acts for, in other"
            f' databases of that server too. It may do less with "owners": "none" and a role that'
            " owns nothing else."
        )
    return f"{runs}: here with the rights of {role}, in other databases of that server too."


def export_blockers(source: RestoreSource, capacity: Capacity) -> list[str]:
    """What makes an export impossible; it needs no server."""
    return [*_cold(source, capacity.settings), *room_blockers(source, capacity)]


def blockers(
    event: RestoreEvent, source: RestoreSource, facts: TargetFacts, capacity: Capacity
) -> Iterator[str]:
    """What makes the restore impossible."""
    yield from _cold(source, capacity.settings)
    yield from _server(event, source, facts)
    yield from room_blockers(source, capacity)


def missing_roles(roles: Iterable[str], facts: TargetFacts) -> list[str]:
    """Those that the server doesn't have."""
    return sorted(role for role in roles if role not in facts.roles)


def _cold(source: RestoreSource, settings: RestoreSettings) -> Iterator[str]:
    storage, manifest = source.storage, source.manifest
    if storage.is_readable:
        return
    _, speed = speed_of(storage.storage_class, settings.thaw_tier)
    if storage.thawing:
        yield (
            f"{manifest.location.id} is being thawed out of {storage.storage_class}, which takes"
            f" {speed.takes}; ask again later."
        )
        return
    event = {"action": "thaw", "database": manifest.database, "backup": manifest.location.id}
    yield (
        f"{manifest.location.id} lies in {storage.storage_class} and has to be thawed first"
        f" ({speed.takes}): send {json.dumps(event)}"
    )


def _server(event: RestoreEvent, source: RestoreSource, facts: TargetFacts) -> Iterator[str]:
    major = source.manifest.source.major
    if facts.major < major:
        yield (
            f"The server {facts.server} runs PostgreSQL {facts.major}, older than the backup's"
            f" {major}: a dump is only made for the same or a later major. Give the secret of a"
            f" server of {major} or later as `target`."
        )
    if facts.reads_only:
        yield (
            f"The role {quoted(facts.role)} only reads (default_transaction_read_only is on), as"
            " the role for backups should. Add the secret of a role that may write to"
            " restore.target_secret_arns in lifeboat.toml, make deploy, and give it as `target`."
        )
    elif not facts.may_create and not event.data_only:
        yield (
            f"The role {quoted(facts.role)} may not make databases. Let it"
            f" (ALTER ROLE {quoted(facts.role)} CREATEDB;), or add the secret of a role that may"
            " to restore.target_secret_arns in lifeboat.toml, make deploy, and give it as `target`."
        )
