"""Publish to Instagram exactly once, from a pipeline."""

__version__ = "0.1.0"
