"""The cases of the officer’s authority that wait."""
