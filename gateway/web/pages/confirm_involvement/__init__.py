"""A practitioner says that an own involvement still holds."""
