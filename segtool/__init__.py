"""SegTool: label every pixel with a U-Net, correct the masks, retrain, and watch the work shrink."""

__version__ = "0.1.0"
