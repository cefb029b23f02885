"""Owns shields: who asked, on which coded ground, who approved. Never holds a name, an address or a story. The edge calls it."""
