"""What the answers of a provider come to. Pure."""
