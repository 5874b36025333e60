"""Readers of slides with truth, and the slide simulator."""

from .truth import AnnotatedSlide, clusters_of

__all__ = ["AnnotatedSlide", "clusters_of"]
