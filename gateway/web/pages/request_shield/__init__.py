"""A practitioner asks the authority’s officers to decide whether a child’s place must be hidden."""
