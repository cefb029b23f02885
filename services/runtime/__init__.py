"""How any process of ours starts, listens, refuses, traces and stops; it knows no word of the domain."""
