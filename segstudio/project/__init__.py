"""F1: the VOC folder, its index and journals; Qt-free and torch-free."""
