"""Ports kept in memory, held to the contract tests."""
