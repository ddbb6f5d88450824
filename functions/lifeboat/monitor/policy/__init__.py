"""What the monitor concludes from what it saw: pure."""
