"""Signing out here."""
