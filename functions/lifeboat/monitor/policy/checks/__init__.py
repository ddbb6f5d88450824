"""The checks of backups, drills, the bucket and the topic."""
