"""Everything that speaks to PostgreSQL or runs its programs."""
