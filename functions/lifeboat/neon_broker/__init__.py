"""Makes branches in Neon for runs that read them, and deletes them; it alone may."""
