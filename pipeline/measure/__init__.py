"""Chromosomes measured on their masks and on the slide's grey values."""
