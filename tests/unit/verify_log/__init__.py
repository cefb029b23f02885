"""The outsider's verifier, against logs made by a tiny builder that shares no code with it."""
