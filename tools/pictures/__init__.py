"""Makes the pictures of the README: what the pages look like in a browser."""
