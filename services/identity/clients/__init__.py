"""Ports that other processes keep."""
