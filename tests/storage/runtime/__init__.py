"""What services.runtime does with a real PostgreSQL."""
