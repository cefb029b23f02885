"""The search index in memory: pages by day of birth and by sound, their keys, and the bytes they are stored in."""
