"""A practitioner opens a record by number, with surname and date of birth."""
