"""Everything that speaks to S3 for more than one feature."""
