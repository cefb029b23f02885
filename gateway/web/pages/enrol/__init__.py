"""A new person sets up an account, with the link from the e-mail and the code from the manager."""
