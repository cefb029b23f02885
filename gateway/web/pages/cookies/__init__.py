"""Which cookies these pages use."""
