"""Stands in for the package of this name, as far as persona files of early 3.0 name it."""

__version__ = "3.0.0+personas"
