"""The error of the preflight."""

from lifeboat.errors import LifeboatError


class PreflightError(LifeboatError):
    """Something that a deployment needs is not there."""
