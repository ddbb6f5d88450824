"""Pure decisions of a restore."""
