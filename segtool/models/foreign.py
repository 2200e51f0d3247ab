"""Models of other programs that somebody puts where a model folder is expected: what to say of them."""

from __future__ import annotations

from pathlib import Path

from segtool.core.errors import ModelError
from segtool.models.card import CARD_FILE

_REMEDY = f"Copy a whole SegTool model folder (the one with {CARD_FILE} in it) there, or train a version here."
_CAN_HOLD_PROGRAMS = "can hold programs that run as soon as they are opened"
_KINDS = {
    ".keras": f"Keras archives {_CAN_HOLD_PROGRAMS}",
    ".h5": f"HDF5 models {_CAN_HOLD_PROGRAMS}",
    ".hdf5": f"HDF5 models {_CAN_HOLD_PROGRAMS}",
    ".pkl": f"pickles {_CAN_HOLD_PROGRAMS}",
    ".pickle": f"pickles {_CAN_HOLD_PROGRAMS}",
    ".joblib": f"pickles {_CAN_HOLD_PROGRAMS}",
    ".pt": f"PyTorch files {_CAN_HOLD_PROGRAMS}",
    ".pth": f"PyTorch files {_CAN_HOLD_PROGRAMS}",
    ".ckpt": f"checkpoints {_CAN_HOLD_PROGRAMS}",
    ".zip": "archives are not unpacked",
    ".npz": "arrays are no model",
    ".onnx": "a network alone does not say what its classes are",
    ".tflite": "a network alone does not say what its classes are",
    ".pb": f"TensorFlow graphs {_CAN_HOLD_PROGRAMS}",
    ".xml": "a network alone does not say what its classes are",
}


def foreign_model(path: Path) -> ModelError | None:
    """Return why what lies there is not opened, None if it does not look like anybody's model.

    Goes by names only: nothing is opened.
    """
    if path.is_dir():
        if (path / CARD_FILE).exists():
            return None
        kind = "saved TensorFlow models can hold programs that run as soon as they are opened"
        is_saved_model = (path / "saved_model.pb").exists() or (path / "keras_metadata.pb").exists()
        return _error(path, kind) if is_saved_model else None
    kind = _KINDS.get(path.suffix.lower(), "")
    return _error(path, kind) if kind else None


def _error(path: Path, kind: str) -> ModelError:
    return ModelError(f"SegTool does not open this as a model: {kind}", path=path, remedy=_REMEDY)
