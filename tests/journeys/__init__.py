"""The whole suite, running for real, used the way a person would."""
