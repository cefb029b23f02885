"""The one way in: checks the session of every call and forwards its bytes; it holds nothing and can make no token itself."""
