"""What pg_restore's words and a restored copy mean: pure."""
