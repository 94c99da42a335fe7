"""F3: the panels and dialogs around the canvas: plain data in, Qt signals out."""
