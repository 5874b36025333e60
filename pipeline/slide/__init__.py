"""Image files as slides: regions of grey values, whatever the format, depth or colour."""
