"""Programs for whoever maintains the project; nothing of it is deployed."""
