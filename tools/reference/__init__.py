"""Writes docs/reference.md and docs/schemas/ from the models: `make reference`."""
