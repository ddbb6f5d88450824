"""The monitor: checks the bucket, and notifies people of changes."""
