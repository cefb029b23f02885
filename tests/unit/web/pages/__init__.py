"""Pages without a browser: forms, wording, and what is decided of a call."""
