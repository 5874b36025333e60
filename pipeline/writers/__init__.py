"""The files of a split slide: one module a file."""
