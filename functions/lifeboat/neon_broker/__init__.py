"""Makes branches in Neon that runs read or restore into, and deletes them; it alone may."""
