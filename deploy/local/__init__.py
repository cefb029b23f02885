"""The embedded deployment: every process of ContactPoint, its databases and certificates, in one private folder.

Owns `.local/` and the processes it started. Never touches a process that it did not start, never listens beyond
loopback, never makes a secret a second time.
"""
