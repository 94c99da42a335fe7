"""F2: what needs Qt's event loop but no widget: threads, the training child, settings, notices, theme."""
