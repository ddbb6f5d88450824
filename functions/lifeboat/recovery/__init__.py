"""What drills and restores share: from an archive in S3 to a database that was compared."""
