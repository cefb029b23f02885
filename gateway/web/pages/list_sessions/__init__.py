"""My sessions: where I am signed in, and ending any of them."""
