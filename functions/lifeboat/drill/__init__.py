"""Restores a backup on trial, and compares it with what its manifest claims."""
