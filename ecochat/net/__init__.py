"""Twisted: protocols, the factory, outlets, and the loop that commits groups."""
