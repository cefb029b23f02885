"""A mediator says for which colleague the next looks are, and ends it."""
