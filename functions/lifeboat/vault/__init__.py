"""Everything that speaks to S3."""
