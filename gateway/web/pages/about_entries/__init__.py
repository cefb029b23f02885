"""What pages about the log's entries have in common: acts, reasons, outcomes and roles in words."""
