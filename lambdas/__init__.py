"""The functions of the workflow and of the API: one file each, each calling the library once."""
