"""Hashtags: the pool on disk, what is measured of them, which ones a post gets, and searching."""
