"""Use cases and pure rules, with fakes: no socket, no database."""
