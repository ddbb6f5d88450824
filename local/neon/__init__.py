"""A stand-in for Neon: its API, and branches that are real PostgreSQL servers."""

from local.neon.faults import Fault
from local.neon.server import FakeNeon

__all__ = ["FakeNeon", "Fault"]
