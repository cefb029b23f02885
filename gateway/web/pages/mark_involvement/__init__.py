"""A practitioner sets the indicators of an own involvement: lead professional, Common Assessment."""
