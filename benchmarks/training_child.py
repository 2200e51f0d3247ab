"""Times training steps with and without drawing the batch; prints both lists in milliseconds and the peak memory."""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import numpy as np

from benchmarks.harness import peak_memory_mib
from segtool.core.classes import DEFAULT_CLASSES
from segtool.core.normalisation import Normalisation
from segtool.core.run_settings import RunSettings
from segtool.formats.mask_png import write_mask
from segtool.models.network_config import NetworkConfig
from segtool.project.sources import Source
from segtool.sample import draw_nuclei
from segtool.training.patches import load_samples, training_batches
from segtool.training.start import start_network
from segtool.training.step import Stepper


def main() -> None:
    rounds = int(sys.argv[1])
    settings = RunSettings()
    with tempfile.TemporaryDirectory() as name:
        sources = []
        for number in range(4):
            pixels, mask = draw_nuclei(number, size=(400, 500))
            image_path, mask_path = Path(name) / f"{number}.png", Path(name) / "masks" / f"{number}.png"
            cv2.imwrite(str(image_path), pixels)
            write_mask(mask_path, mask)
            sources.append(Source(image_path.name, image_path, mask_path))
        samples = load_samples(sources, DEFAULT_CLASSES, Normalisation(), seed=0)
    start = start_network(None, DEFAULT_CLASSES, NetworkConfig())
    stepper = Stepper(start.model, start.average, outputs=1, frozen_statistics=True)
    batches = training_batches(samples, DEFAULT_CLASSES, settings)
    fixed = next(batches)
    ours, bare = [], []
    for number in range(rounds + 2):
        begun = time.perf_counter()
        stepper.train(next(batches), learning_rate=1e-4)
        between = time.perf_counter()
        stepper._train_graph(*fixed, np.float32(0.99))[0].numpy()
        if number >= 2:
            ours.append((between - begun) * 1000)
            bare.append((time.perf_counter() - between) * 1000)
    for values in (ours, bare, [peak_memory_mib()]):
        print(*values)


main()
