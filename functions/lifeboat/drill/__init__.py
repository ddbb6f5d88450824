"""Tests a backup: restores it, and compares it with its manifest."""
