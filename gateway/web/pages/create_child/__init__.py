"""A practitioner makes a record of a child whom a search by name and date did not show."""
