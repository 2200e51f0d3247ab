"""Writing a model folder and reading its weights back."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from segtool.core.errors import ModelError, SaveError
from segtool.formats.source import why
from segtool.inference.runtime import Runtime, import_openvino
from segtool.models.card import CARD_FILE, MODEL_FILES, NETWORK_FILE, WEIGHTS_FILE, ModelCard
from segtool.models.card_text import card_text
from segtool.models.drafts import make_draft
from segtool.models.integrity import verify_model
from segtool.models.self_test import known_image, make_self_test
from segtool.training.half_weights import round_to_half, store_as_half
from segtool.training.unet import build_unet
from segtool.training.weights_file import check_weights_file

_SELF_TEST_SEED = 1

_MEGABYTE = 1 << 20
# Weights of 4 bytes for Keras, again at half that size, and of 4 bytes for OpenVINO.
_ROOM_PER_WEIGHT = 10


def export_model(
    folder: Path,
    model: keras.Model,
    card: ModelCard,
    *,
    finish: Callable[[Path, ModelCard], ModelCard] | None = None,
) -> ModelCard:
    """Write a whole model folder or nothing: card, Keras weights and OpenVINO network.

    Everything is written under a temporary name beside ``folder`` and renamed at the end, so that a
    crash leaves no half model behind. The Keras weights are stored in half precision. The network's are not: OpenVINO
    folds the batch normalisation into them, and rounding after that moved probabilities by up to 0.0022.

    Parameters
    ----------
    folder : Path
        Must not exist yet.
    model : keras.Model
        Built from ``card.network``. Its weights are rounded to half precision, so that both files are made of the same.
    card : ModelCard
        Its ``files`` are filled in here.
    finish : callable, optional
        Called with the temporary folder once the network is in it, and with the card; the card that it returns
        is the one that is kept, so that what is measured is the network that is shipped.

    Returns
    -------
    ModelCard
        The card as written.

    Raises
    ------
    SaveError
        If the folder exists or cannot be written; nothing is left behind.
    ModelError
        If a weight is not finite or too large to be stored.
    """
    with drafted_model(folder, model, card) as draft:
        if finish is not None:
            draft.card = finish(draft.folder, draft.card)
    return draft.card


@dataclass(slots=True)
class Draft:
    """A whole model under a temporary name, and the card that it will have when it gets its own."""

    folder: Path
    card: ModelCard


@contextlib.contextmanager
def drafted_model(folder: Path, model: keras.Model, card: ModelCard) -> Iterator[Draft]:
    """Write a model under a temporary name, and give it its own once the block is through; see ``export_model``.

    The block may change ``card`` of the draft. Nothing is left behind if it is not gone through to its end.
    """
    if folder.exists():
        raise SaveError("there is something of that name already", path=folder, remedy="Choose another name.")
    temporary: Path | None = None
    try:
        # Not its parents: where these have gone, a disk has been taken away, and there is no place to write to.
        folder.parent.mkdir(exist_ok=True)
        temporary = make_draft(folder)
        _check_finite(model)
        _check_room(temporary, model)
        round_to_half(model)
        model.save_weights(temporary / WEIGHTS_FILE)
        store_as_half(temporary / WEIGHTS_FILE)
        # Before Keras does it, and with its telemetry.
        import_openvino()
        # Keras prints a farewell to stdout, which belongs to the run's events.
        with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
            model.export(str(temporary / NETWORK_FILE), format="openvino", verbose=False)
        files = {name: hashlib.sha256((temporary / name).read_bytes()).hexdigest() for name in MODEL_FILES}
        draft = Draft(temporary, replace(card, files=files, self_test=None))
        _write_card(temporary, draft.card)
        answer = Runtime.load(temporary, is_own=True).probabilities(known_image(card.network, seed=_SELF_TEST_SEED))
        draft.card = replace(draft.card, self_test=make_self_test(answer, seed=_SELF_TEST_SEED))
        _write_card(temporary, draft.card)
        yield draft
        _write_card(temporary, draft.card)
        os.replace(temporary, folder)
    except OSError as exc:
        raise SaveError(
            f"the model could not be written ({why(exc)})",
            path=folder,
            remedy="See that the folder is there, may be written to and has room.",
        ) from exc
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)


def _check_room(folder: Path, model: keras.Model) -> None:
    """Raise OSError if the disk has no room for a model: HDF5 and OpenVINO crash on a full one, or say nothing."""
    room = folder / "room"
    with room.open("wb") as file:
        # Bytes that are really written: quotas and limits count them too.
        for _ in range(1 + _ROOM_PER_WEIGHT * model.count_params() // _MEGABYTE):
            file.write(bytes(_MEGABYTE))
        file.flush()
        os.fsync(file.fileno())
    room.unlink()


def load_model(folder: Path) -> tuple[keras.Model, ModelCard]:
    """Build the network of a model's or a base's folder and load its weights, trusting nothing in the folder.

    The architecture comes from the validated config, files must hash to what the card says, only
    weights are read, and they must be finite.

    Raises
    ------
    ModelError
        Naming the file and what is wrong.
    """
    card = verify_model(folder, required=(WEIGHTS_FILE,))
    model = build_unet(card.network)
    load_weights(model, folder)
    return model, card


def load_weights(model: keras.Model, folder: Path) -> None:
    """Load a verified folder's weights into a network of the same config."""
    path = folder / WEIGHTS_FILE
    check_weights_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.load_weights(path)
    except Exception as exc:  # h5py and Keras raise many kinds for a foreign or damaged file
        first = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
        raise ModelError(f"the weights do not fit the network of the card ({first[:200]})", path=path) from exc
    _check_finite(model, path=path)


def _check_finite(model: keras.Model, *, path: Path | None = None) -> None:
    # The output hides it: a ReLU turns not-a-number into 0.
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise ModelError("the network has weights that are not finite numbers", path=path)


def _write_card(folder: Path, card: ModelCard) -> None:
    (folder / CARD_FILE).write_bytes(card_text(card.to_json()))
