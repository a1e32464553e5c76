"""Stands in for the package of this name where it is not installed: the classes of messages."""
