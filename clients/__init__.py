"""What outsiders install. Nothing here imports the services."""
