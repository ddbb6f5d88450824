"""Restores a backup, or some of its tables."""
