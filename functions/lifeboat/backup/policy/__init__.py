"""What a backup decides: pure."""
