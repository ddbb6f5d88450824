"""One file for each command: `lifeboat NAME` is `command` in the module of that name."""
