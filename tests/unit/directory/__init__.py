"""Tests of how a process runs, without network."""
