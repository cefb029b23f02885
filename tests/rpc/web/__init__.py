"""The pages as a process."""
