"""The image: one base, one Dockerfile, one dependency set a trust domain; the command chooses the process."""
