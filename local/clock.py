"""A clock that is ahead, for tests of other days: whatever we start here is given it as well.

`make test-dates` sets these variables; see tests/dates. Without them this is empty.
"""

import os

VARIABLES = ("LD_PRELOAD", "LIFEBOAT_CLOCK_AHEAD")

CLOCK = {name: os.environ[name] for name in VARIABLES if "LIFEBOAT_CLOCK_AHEAD" in os.environ}
"""What an environment that is otherwise our own needs of it."""
