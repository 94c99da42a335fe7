"""F3: the canvas: the image, its overlay, and the pointer on them."""
