"""F1½: networks, training, evaluation and prediction with torch; no Qt.

Importing this package imports nothing heavy: torch comes with the modules that need it.
"""
