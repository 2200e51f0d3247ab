"""A model's network on the CPU through OpenVINO: loaded only when it is whole and holds nothing unexpected."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from segtool.core.errors import ModelError, SegToolError
from segtool.core.reduction import enlarge_probabilities, reduce_pixels
from segtool.inference.probe import ensure_tried, note_tried
from segtool.inference.signal_stack import kept_signal_stack
from segtool.models.card import NETWORK_FILE, ModelCard
from segtool.models.network_file import NetworkFiles, read_network
from segtool.models.plain_file import OTHER_MODEL, REMEDY
from segtool.models.self_test import CHANNELS, TOLERANCE, known_image

# What an exported U-Net is made of. A file from elsewhere could ask for anything that OpenVINO can do: loops,
# state, or a broadcast to a terabyte while its constants are folded.
ALLOWED_OPERATIONS = frozenset(
    {
        "Add",
        "Concat",
        "Constant",
        "Convolution",
        "ConvolutionBackpropData",
        "Gather",
        "MaxPool",
        "Multiply",
        "Parameter",
        "Relu",
        "Reshape",
        "Result",
        "ShapeOf",
        "Sigmoid",
        "Softmax",
        "StridedSlice",
        "Transpose",
    }
)
_SETTINGS = {
    # OpenVINO picks bfloat16 by itself where the CPU has it; answers are to be the same on every machine.
    "INFERENCE_PRECISION_HINT": "f32",
    # One tile after the other, each on all physical cores.
    "PERFORMANCE_HINT": "LATENCY",
    # Unpinned threads make room for the window and for a training that runs beside it.
    "ENABLE_CPU_PINNING": False,
}


def import_openvino() -> Any:  # noqa: ANN401
    """Import OpenVINO (0.2 to 1 s) without its telemetry and return the module.

    Its import reports each use over the internet and writes an identifier into the home folder wherever
    the package ``openvino_telemetry`` is found. OpenVINO has a silent stand-in for when it is not.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


class Runtime:
    """A model that is ready to run. May be called from any thread; calls wait for each other."""

    def __init__(self, card: ModelCard, compiled: Any) -> None:  # noqa: ANN401
        self._card = card
        self._request = compiled.create_infer_request()
        self._lock = threading.Lock()

    @classmethod
    def load(cls, folder: Path, *, is_own: bool = False) -> Runtime:
        """Verify, read, compile and test the network of a model folder (0.3 s after the first time).

        The first time on this machine a network from elsewhere is tried in a process of its own, which takes a second.

        Parameters
        ----------
        folder : Path
            A model folder.
        is_own : bool
            Whether this very process has written it: then it is not tried first.

        Raises
        ------
        ModelError
            Naming the file: whatever ``read_network`` and ``ensure_tried`` find; a network that cannot be read or
            compiled, has operations that no U-Net has, weights that are not finite, inputs or outputs that the card
            does not say, or that does not answer a known image as it did when it was written.
        """
        files = read_network(folder)
        if not is_own:
            ensure_tried(folder, files)
        runtime = cls.of(files, folder)
        note_tried(files)
        return runtime

    @classmethod
    def of(cls, files: NetworkFiles, folder: Path) -> Runtime:
        """Compile and test a network that was read from a folder, in this process; see ``load``."""
        path = folder / NETWORK_FILE
        openvino = import_openvino()
        try:
            core = openvino.Core()
            network = core.read_model(files.description, files.data)
            _check_operations(network, path)
            _check_shapes(network, files.card, path)
            with kept_signal_stack():
                runtime = cls(files.card, core.compile_model(network, "CPU", _SETTINGS))
            runtime._check_answer(path)
        except (RuntimeError, MemoryError, ValueError) as exc:  # a damaged name is no UTF-8: a ValueError
            raise ModelError(f"the network cannot be loaded ({_first_line(exc)})", path=path, remedy=REMEDY) from exc
        return runtime

    @property
    def card(self) -> ModelCard:
        """The card of the model."""
        return self._card

    def probabilities(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Run the network.

        Parameters
        ----------
        batch : ndarray of float32, shape (N, H, W, 3)
            Normalised to 0…1; H and W multiples of ``card.network.stride``. A shape that is new to the runtime
            costs about half a run more.

        Returns
        -------
        ndarray of float32, shape (N, H, W, K)
            Probabilities 0…1. K = 1: of the card's second class. K ≥ 2: of each class in the card's order.

        Raises
        ------
        ValueError
            If the batch has another shape.
        SegToolError
            If the network cannot be run, for want of memory most likely.
        """
        stride = self._card.network.stride
        if batch.ndim != 4 or batch.shape[3] != CHANNELS or batch.shape[1] % stride or batch.shape[2] % stride:
            raise ValueError(f"the batch must be N×H×W×3 with sides that are multiples of {stride}, not {batch.shape}")
        factor = self._card.network.reduction
        if factor > 1:
            smaller = self._run(np.stack([reduce_pixels(image, factor) for image in batch]).astype(np.float32))
            return np.stack([enlarge_probabilities(answer, factor) for answer in smaller])
        return self._run(np.ascontiguousarray(batch, dtype=np.float32))

    def _run(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        try:
            with self._lock:
                answer = self._request.infer([values], share_inputs=True)[0]
        except (RuntimeError, MemoryError) as exc:
            raise SegToolError(
                f"the network could not be run on {values.shape[2]}×{values.shape[1]} pixels ({_first_line(exc)})",
                remedy="Close other programs to free memory, then try again.",
            ) from exc
        return np.asarray(answer, dtype=np.float32)

    def _check_answer(self, path: Path) -> None:
        """Run a known image: only the answer itself tells that the sizes in between fit, and what it was then."""
        network, test = self._card.network, self._card.self_test
        image = known_image(network, seed=0 if test is None else test.seed)
        try:
            answer = self.probabilities(image)
        except SegToolError as exc:
            raise ModelError(exc.reason, path=path, remedy=REMEDY) from exc
        expected = (*image.shape[:3], network.outputs)
        if answer.shape != expected or not (np.isfinite(answer).all() and answer.min() >= 0 and answer.max() <= 1.0001):
            raise ModelError(
                f"the network answers with {answer.shape} numbers where {expected} probabilities are expected",
                path=path,
                remedy=REMEDY,
            )
        if test is not None and test.difference(answer) > TOLERANCE:
            raise ModelError(
                "the network no longer answers a known image as it did when it was trained: "
                "its weights were damaged or changed",
                path=path,
                remedy=REMEDY,
            )


def _check_operations(network: Any, path: Path) -> None:  # noqa: ANN401
    operations = network.get_ops()
    if unknown := sorted({item.get_type_name() for item in operations} - ALLOWED_OPERATIONS):
        raise ModelError(
            f"the network has operations that no U-Net of this program has: {', '.join(unknown)}",
            path=path,
            remedy=OTHER_MODEL,
        )
    for item in operations:
        # A ReLU behind it turns not-a-number into 0, so that the answer would not show it.
        if item.get_type_name() != "Constant":
            continue
        values = item.data
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ModelError("the network has weights that are not finite numbers", path=path, remedy=REMEDY)


def _check_shapes(network: Any, card: ModelCard, path: Path) -> None:  # noqa: ANN401
    outputs = card.network.outputs
    for ports, depth, what in ((network.inputs, CHANNELS, "input"), (network.outputs, outputs, "output")):
        shapes = [port.get_partial_shape() for port in ports]
        if len(shapes) != 1 or len(shapes[0]) != 4 or str(shapes[0][3]) != str(depth):
            found = ", ".join(str(shape) for shape in shapes) or "none"
            raise ModelError(
                f"the network's {what} must be one image of {depth} channels, as the card says, but is {found}",
                path=path,
                remedy=REMEDY,
            )


def _first_line(exc: BaseException) -> str:
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    # OpenVINO puts the place in its own source before what happened.
    said = [line for line in lines if not line.startswith(("Exception from", "Check '", "Converting input model"))]
    return (said or lines or [type(exc).__name__])[0][:200]
