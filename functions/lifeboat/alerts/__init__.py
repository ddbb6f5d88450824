"""Ways to people, and what they are told."""
