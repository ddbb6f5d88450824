"""What an answer of Neon's API means, and whether a request may be repeated. Pure."""
