"""Entries as people read them, and the log as outsiders read it. No I/O here."""
