"""Drawn sample images of cell nuclei, with their true masks, from seeded generators."""

from __future__ import annotations

from segtool.sample.images import SampleImage, sample_images, write_sample
from segtool.sample.nuclei import Look, Stain, draw_nuclei

__all__ = ["Look", "SampleImage", "Stain", "draw_nuclei", "sample_images", "write_sample"]
