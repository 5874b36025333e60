"""Slide in, masks out: reading, tiling, stitching, results, writers, batch and command line.

Nothing is imported here, so that the command line starts quickly.
"""
