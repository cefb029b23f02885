"""Tables, queries and migrations: the only SQL of identity."""
