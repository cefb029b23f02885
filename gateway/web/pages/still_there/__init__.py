"""Are you still there? Takes a child off the screen of somebody who went away, and keeps the session of who did not."""
