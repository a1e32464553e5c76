"""A package beside a persona."""
