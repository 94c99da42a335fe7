"""segstudio: label every pixel of your images, with a network that learns from each correction."""

__version__ = "0.1.0"
