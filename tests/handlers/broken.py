"""Cannot be imported."""

raise ImportError("the cat sits on this module")
