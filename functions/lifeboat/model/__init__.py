"""Words that every part shares: pure, and below the settings."""
