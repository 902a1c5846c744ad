"""The workflow as one file, and the picture that is drawn from it."""
