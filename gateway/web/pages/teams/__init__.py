"""All teams' telephone numbers, from configuration alone."""
