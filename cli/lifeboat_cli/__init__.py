"""The command line of Lifeboat. It runs on Python 3.9, and imports nothing of the functions."""

__version__ = "0.1.0"
"""That of Lifeboat: a test holds it to the functions' own."""
