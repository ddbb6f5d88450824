"""Drills in this process."""

from tests.support.drill_fixtures import drills, server_programs

__all__ = ["drills", "server_programs"]
