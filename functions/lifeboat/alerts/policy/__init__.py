"""Findings, and the messages about them: pure."""
