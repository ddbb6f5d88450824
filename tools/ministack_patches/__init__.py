"""Starts ministack with the gaps closed that a backup product would fall into.

This package runs in the environment that holds ministack, with the standard library and boto3
only. ministack is a good local AWS, but where it is silent instead of strict, a test on it would
prove nothing. Each gap is closed by a function of its own that says what real AWS does, and has
a test that fails while the gap is open: README.md has the table, and `make gaps` runs those tests.
"""
