"""Names, matching, the index in memory and the use case of searching."""
