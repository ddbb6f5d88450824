"""Drills in this process."""

from tests.support.drill_fixtures import hall, server_programs

__all__ = ["hall", "server_programs"]
