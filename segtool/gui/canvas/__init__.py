"""The view of the open image under its mask."""
