"""Looks at the bucket, judges what it sees, and tells people what is new."""
