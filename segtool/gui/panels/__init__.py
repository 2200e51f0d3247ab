"""The panels around the canvas: each reads the session and calls it."""
