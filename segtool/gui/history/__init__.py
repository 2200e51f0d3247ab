"""The history of a folder's models: looking at versions, changing them, and comparing two on an image."""
