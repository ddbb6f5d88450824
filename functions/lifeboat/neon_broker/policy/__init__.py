"""Which branches are Lifeboat's, how long they live, and which of them may be deleted. Pure."""
