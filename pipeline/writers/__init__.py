"""The files of a split slide."""

from .folder import FORMATS, is_complete, write_result

__all__ = ["FORMATS", "is_complete", "write_result"]
