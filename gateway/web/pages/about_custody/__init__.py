"""What the acts of custodians have in common: a name is typed, read aloud, and accepted by two."""
