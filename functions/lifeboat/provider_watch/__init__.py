"""Asks a database's provider what it can give back itself, and writes the answer down."""
