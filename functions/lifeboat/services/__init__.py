"""What Lifeboat does, one verb per file."""
