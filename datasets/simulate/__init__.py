"""Draws metaphases from nothing, with exact truth."""

from .simulated_slide import STAINS, SimulatedSlide, SlideRecipe, simulate_slide, vary

__all__ = ["STAINS", "SimulatedSlide", "SlideRecipe", "simulate_slide", "vary"]
