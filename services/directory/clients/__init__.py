"""Ports of the directory that other processes keep."""
