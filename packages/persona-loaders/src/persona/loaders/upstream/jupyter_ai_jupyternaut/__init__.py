"""Stands in for the package of this name: personas that build on Jupyternaut."""

__version__ = "0.1.0+personas"
