"""Fixtures of the operations."""

from tests.core.operations.random_masks import band_pixels

__all__ = ["band_pixels"]
