"""Readers of slides with truth, and the slide simulator."""

from .truth import AnnotatedSlide

__all__ = ["AnnotatedSlide"]
