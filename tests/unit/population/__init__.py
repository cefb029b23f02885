"""The synthetic population: what it promises to whoever loads, searches or measures it."""
