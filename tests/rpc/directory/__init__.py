"""Tests of how a process runs, over mutual TLS on the loopback."""
