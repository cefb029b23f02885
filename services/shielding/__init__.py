"""Owns shields: who asked, on which coded ground, who approved. The edge calls it.

Never holds a name, an address or a ground's story.
"""
