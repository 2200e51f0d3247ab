"""Speed and memory of the canvas: ``python -m benchmarks.canvas``."""
