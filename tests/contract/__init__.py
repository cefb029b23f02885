"""One set of promises for each port, kept by the fake and by the real adapter."""
