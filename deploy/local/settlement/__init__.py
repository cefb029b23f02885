"""Fills a deployment as a real roll-out would, over the edge: organisations, people, providers, children."""
