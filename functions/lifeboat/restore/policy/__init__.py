"""What a restore decides: pure."""
