"""Draws metaphases from nothing, with exact truth."""

from .slide import STAINS, SimulatedSlide, SlideRecipe, simulate_slide

__all__ = ["STAINS", "SimulatedSlide", "SlideRecipe", "simulate_slide"]
