"""SHA-256 of the models and bases that come with the program. Written by ``tools/seal_bundled.py``."""

from __future__ import annotations

BUNDLED_DIGESTS: dict[str, dict[str, str]] = {
    "models/aerial": {
        "model.json": "d3f73844b9aeedb48dffd578b8cd8e2691d5d660abeff1d4c951d08fc24e8a60",
        "network.weights.h5": "8f7cca2e4181179b1ce38df1da8817bf8586c3357e26e1b0e3cff83ba092322e",
        "network.xml": "25370f229cdbee0fb0db409c2da38cc5105b0c3ad1ea6c6cbb8466821df77be4",
        "network.bin": "e009bf769cc71df1d7880dae52ee99fbbd34a91cabebcad90a8e83d667073475",
    },
    "models/nuclei": {
        "model.json": "16ae0226906101d17cde7b2001a5ddfc0c12e70122ddf0a38e94e1cba9a6be3d",
        "network.weights.h5": "105f46dcb859c21d390a435dae35ba31b59aa8afab3ef5b9578a42847fe76877",
        "network.xml": "ddb0176287d3627a79941380ad9ccd5686356a95fdbca260c233e250cb94bc53",
        "network.bin": "93c766f1b21a3c21ecfb230a65497f70d305f92a20c6b21ad2f31f37d07c24d1",
    },
    "bases/general": {
        "model.json": "4af089c3c8db56253b53dc7951f3362bb0e8652b3b2997d55683bf8b7eb9e7e8",
        "network.weights.h5": "b2d0a8b455e4001550964f60c9bba86406e8603f0f1b86236ded076df793e430",
    },
}
