"""What stands in for AWS and a managed PostgreSQL on one's own machine, without Docker or root."""
