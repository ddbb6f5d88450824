"""Throws a branch in Neon back to a moment: plan, backup, restore, comparison, way back."""
