"""What the monitor decides from the facts: pure functions."""
