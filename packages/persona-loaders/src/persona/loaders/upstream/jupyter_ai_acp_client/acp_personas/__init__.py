"""Stands in for the package of this name: a module for each agent."""
