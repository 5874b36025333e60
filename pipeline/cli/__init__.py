"""The command line: one module a command; heavy imports stay inside the commands."""

from .program import app, main

__all__ = ["app", "main"]
