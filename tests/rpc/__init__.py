"""One service behind its real server, reached through generated stubs."""
