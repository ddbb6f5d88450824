"""Pure decisions of a backup."""
