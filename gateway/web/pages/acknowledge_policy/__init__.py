"""Reading and acknowledging the policy."""
