"""Brings a backup, or tables of it, back."""
