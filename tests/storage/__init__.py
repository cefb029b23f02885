"""Tables, queries and migrations on a real PostgreSQL."""
