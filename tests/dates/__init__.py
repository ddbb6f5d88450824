"""The tests on other days: what they find must not depend on the day on which they run."""
