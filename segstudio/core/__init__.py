"""F0: label maps, edits, history and the document; numpy and psygnal only."""
