"""The auditor asks who looked at one child."""
