"""One file for each act that somebody asks of the directory."""
