"""Pure decisions: no clock, network, files or environment."""
