"""AWS on this machine: real API calls, real Lambda processes, roles and TLS enforced."""

from local.aws.server import LocalAws

__all__ = ["LocalAws"]
