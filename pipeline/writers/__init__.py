"""The files of a split slide."""

from .folder import DEFAULT_FORMATS, FORMATS, is_complete, write_result

__all__ = ["DEFAULT_FORMATS", "FORMATS", "is_complete", "write_result"]
