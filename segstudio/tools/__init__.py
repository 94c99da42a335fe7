"""F1: the tools; Qt-free."""
