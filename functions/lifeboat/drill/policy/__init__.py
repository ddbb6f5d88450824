"""What a drill decides: pure."""
