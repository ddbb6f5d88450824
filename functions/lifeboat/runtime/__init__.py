"""The shell around an invocation: what it reports, how long it waits, what it measures."""
