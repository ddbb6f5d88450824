"""Looks at databases and roles as the functions do; nothing is written."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3

from layers.postgres import MAJORS
from lifeboat.model.text import format_size, plural
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.login import login_to, read_login
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.settings import DatabaseSettings, Settings
from lifeboat.settings.secret_arns import names_of
from lifeboat_setup.checks import Check, looked
from lifeboat_setup.make_roles import check_reading, check_restoring
from lifeboat_setup.survey import connected, survey


def database_checks(session: boto3.Session, settings: Settings, scratch: Path) -> Iterator[Check]:
    """The secret, the login, the role and the server of each database, then the targets.

    Args:
        session: with credentials that may read the secrets, and the region.
        settings: of the installation.
        scratch: a private directory.
    """
    store = SecretStore(
        secrets=lambda: session.client("secretsmanager"), parameters=lambda: session.client("ssm")
    )
    lives: list[Endpoint] = []
    for each in settings.databases:
        name = f"database {each.name}"
        yield from looked(name, partial(_source, store, each, scratch, lives))
    if settings.restore.enabled and not settings.restore.target_secret_arns:
        yield Check(
            name="restores",
            ok=False,
            found="no role may restore into a server: restore.target_secret_arns is empty",
            todo="docs/runbooks/onboarding.md#a-role-that-may-restore",
        )
    for arn in settings.restore.target_secret_arns:
        short = next(iter(names_of(arn)), arn)
        yield from looked(f"restores by {short}", partial(_target, store, arn, scratch, lives))


def _source(
    store: SecretStore, database: DatabaseSettings, scratch: Path, lives: list[Endpoint]
) -> Iterator[Check]:
    name = f"database {database.name}"
    login = read_login(store, database.secret_arn, scratch)
    lives.append(login.endpoint)
    yield Check(name=name, ok=True, found=f"the secret leads to {login.endpoint.shown}")
    pooled = [note for note in login.notes if "direct host" in note]
    yield Check(
        name=f"{name}, endpoint",
        ok=not pooled,
        found=pooled[0] if pooled else "; ".join(login.notes) or "no pooler",
        todo=f"Store the direct host in the secret: aws secretsmanager put-secret-value"
        f" --secret-id {database.secret_arn} --secret-string file:///dev/stdin"
        if pooled
        else "",
    )
    with connected(login_to(login.endpoint, scratch), f"The database {database.name}") as opened:
        facts = survey(opened, MAJORS)
    yield Check(
        name=f"{name}, server",
        ok=True,
        found=f"PostgreSQL {facts.version}, {format_size(facts.bytes)},"
        f" {plural(facts.tables, 'table')}",
    )
    notes = check_reading(login.endpoint, scratch, f"The database {database.name}")
    yield Check(
        name=f"{name}, role",
        ok=True,
        found="; ".join([f"{login.endpoint.user} reads everything", *notes]),
    )


def _target(store: SecretStore, arn: str, scratch: Path, lives: list[Endpoint]) -> Iterator[Check]:
    short = next(iter(names_of(arn)), arn)
    endpoint = read_login(store, arn, scratch).endpoint
    place = (endpoint.digest, endpoint.database)
    live = next(
        (each for each in lives if (each.digest, each.database) == place),
        next((each for each in lives if each.digest == endpoint.digest), endpoint),
    )
    notes = check_restoring(endpoint, scratch, f"The secret {short}", live=live.database)
    yield Check(
        name=f"restores by {short}",
        ok=True,
        found="; ".join([f"{endpoint.user} may create databases", *notes]),
    )
