"""Decisions about restores by Neon: what may be asked, what may be done, and what differs. Pure."""
