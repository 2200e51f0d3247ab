"""Regions that are found in an image or a mask: arrays in, a box and the boolean region in it out."""
