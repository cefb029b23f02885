"""Base backups, archived write-ahead log, and the way back to a moment; `drill` shows that it works."""
