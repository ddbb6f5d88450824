"""Notifications: their content, and the ways to send them."""
