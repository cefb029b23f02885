"""Where links from mails and other sites lead: one step on our own pages, reading no session."""
