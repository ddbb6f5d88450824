"""Access to Neon, a provider of PostgreSQL, by its public API."""
