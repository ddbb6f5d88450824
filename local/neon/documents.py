"""Answers of Neon's API as JSON, with all that the contract requires.

Nothing here decides anything; what the client doesn't use has a plausible constant.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.neon.model import Branch, Endpoint, Operation, Project, Snapshot

type Json = dict[str, object]

_USAGE = {
    "cpu_used_sec": 0,
    "active_time_seconds": 0,
    "written_data_bytes": 0,
}


def moment(at: datetime) -> str:
    """A time: 2026-11-22T09:00:00.123456Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def project(of: Project) -> Json:
    """A project with its owner, settings and usage."""
    return {
        **_USAGE,
        "id": of.id,
        "name": of.name,
        "platform_id": "aws",
        "region_id": "aws-eu-central-1",
        "proxy_host": "eu-central-1.aws.neon.tech",
        "provisioner": "k8s-neonvm",
        "creation_source": "console",
        "pg_version": of.pg_version,
        "store_passwords": True,
        "history_retention_seconds": of.history_retention_seconds,
        "branch_logical_size_limit": 16_384,
        "branch_logical_size_limit_bytes": 16_384 * 1024 * 1024,
        "synthetic_storage_size": of.storage_bytes,
        "data_storage_bytes_hour": 0,
        "data_transfer_bytes": of.data_transfer_bytes,
        "compute_time_seconds": of.compute_time_seconds,
        "consumption_period_start": moment(of.period_start),
        "consumption_period_end": moment(of.period_end),
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
        "owner_id": "org-fake-1",
        "org_id": "org-fake-1",
        "owner": {
            "name": "Somebody",
            "email": "somebody@example.com",
            "branches_limit": of.branches_limit,
            "subscription_type": of.subscription_type,
        },
        "settings": {"quota": of.quota},
    }


def branch(of: Branch, project_id: str) -> Json:
    """A branch."""
    optional = {
        "parent_id": of.parent_id,
        "parent_timestamp": of.parent_timestamp and moment(of.parent_timestamp),
        "parent_lsn": "0/1DE2850" if of.parent_id else None,
        "expires_at": of.expires_at and moment(of.expires_at),
    }
    return {
        **_USAGE,
        **{name: value for name, value in optional.items() if value is not None},
        "id": of.id,
        "project_id": project_id,
        "name": of.name,
        "current_state": of.state,
        "state_changed_at": moment(of.created_at),
        "creation_source": "console",
        "init_source": "parent-data",
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
        "default": of.default,
        "protected": of.protected,
        "logical_size": 30_000_000,
        "data_transfer_bytes": 0,
        "compute_time_seconds": 0,
    }


def endpoint(of: Endpoint, project_id: str) -> Json:
    """A compute."""
    return {
        "id": of.id,
        "host": "127.0.0.1",
        "proxy_host": "127.0.0.1",
        "project_id": project_id,
        "branch_id": of.branch_id,
        "region_id": "aws-eu-central-1",
        "type": "read_write",
        "current_state": "active" if of.gateway else "init",
        "autoscaling_limit_min_cu": 0.25,
        "autoscaling_limit_max_cu": of.largest_cu,
        "suspend_timeout_seconds": 0,
        "settings": {"pg_settings": {}},
        "pooler_enabled": False,
        "pooler_mode": "transaction",
        "disabled": False,
        "passwordless_access": True,
        "provisioner": "k8s-neonvm",
        "creation_source": "console",
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
    }


def operation(of: Operation, project_id: str) -> Json:
    """An operation."""
    return {
        **({"error": of.error} if of.error else {}),
        "id": of.id,
        "project_id": project_id,
        "branch_id": of.branch_id,
        "action": of.action,
        "status": of.status,
        "failures_count": 1 if of.error else 0,
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
        "total_duration_ms": 1,
    }


def database(number: int, name: str, owner: str, of: Branch) -> Json:
    """A database."""
    return {
        "id": number,
        "branch_id": of.id,
        "name": name,
        "owner_name": owner,
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
    }


def role(name: str, of: Branch) -> Json:
    """A role, without its password."""
    return {
        "branch_id": of.id,
        "name": name,
        "protected": False,
        "created_at": moment(of.created_at),
        "updated_at": moment(of.created_at),
    }


def snapshot(of: Snapshot) -> Json:
    """A snapshot."""
    return {
        **({"expires_at": moment(of.expires_at)} if of.expires_at else {}),
        "id": of.id,
        "name": of.name,
        "source_branch_id": of.source_branch_id,
        "created_at": moment(of.created_at),
        "manual": of.manual,
        "full_size": of.full_size,
    }
