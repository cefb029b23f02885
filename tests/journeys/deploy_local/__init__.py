"""The embedded deployment, run for real."""
