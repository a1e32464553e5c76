"""Measured ratios: each is taken side by side in one run and has a limit."""
