"""The restore drill: a suite that lives, loses everything, and comes back from shares, a sealed file and backups."""
