"""The command line of Lifeboat. It runs on Python 3.9, and imports nothing of the functions."""
