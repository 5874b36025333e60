"""What every room may use: boxes, masks, outlines, errors, files that are whole or not there.

Nothing is imported here, so that a room pays for what it uses.
"""
