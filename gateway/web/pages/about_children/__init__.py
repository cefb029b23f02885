"""What pages about children have in common: how names, dates, numbers and reasons are read and written. Pure."""
