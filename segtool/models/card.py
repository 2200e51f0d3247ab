"""A model's card: ``model.json``, what the model is, how it was made and what its files hash to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segtool.core.classes import ClassSet
from segtool.core.errors import ModelError, SegToolError
from segtool.core.normalisation import Normalisation
from segtool.models.card_text import MAX_CARD_BYTES, parse_card
from segtool.models.known_images import KnownImages
from segtool.models.network_config import NetworkConfig
from segtool.models.plain_file import check_plain_file
from segtool.models.self_test import SelfTest

CARD_FILE = "model.json"
WEIGHTS_FILE = "network.weights.h5"
NETWORK_FILE = "network.xml"
NETWORK_DATA_FILE = "network.bin"
MODEL_FILES = (WEIGHTS_FILE, NETWORK_FILE, NETWORK_DATA_FILE)
FORMAT_VERSION = 1
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.05, 20.0
MAX_TITLE, MAX_NOTE = 80, 2000


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What ``model.json`` holds.

    Attributes
    ----------
    name : str
        Name shown to the person; the folder's name need not be the same.
    classes : ClassSet
        Output i of a softmax is the i-th class; a sigmoid's single output is the second class.
    network : NetworkConfig
        The architecture.
    normalisation : Normalisation
        Percentiles by which images are brought to 0…1.
    created : str
        Date and time, ISO 8601, UTC.
    training : dict
        Settings, data (names and licence), base, steps, seconds, seed, versions: for people, never acted on.
    metrics : dict or None
        As ``segtool evaluate --json`` prints it, on the held-out images.
    curves : list of dict
        One ``RunEpoch`` each.
    files : dict
        File name → sha256 in hex.
    temperature : float
        What the confidence is brought to what can be relied on with; see ``segtool.core.confidence``.
    known_images : KnownImages or None
        What the images were like that the model was made from.
    self_test : SelfTest or None
        What the network answers to a known image; None on cards of older versions of the program.
    title : str
        What a person calls the model, at most ``MAX_TITLE`` characters; "" for the name of its folder.
    note : str
        What a person has written about it, at most ``MAX_NOTE`` characters.
    """

    name: str
    classes: ClassSet
    network: NetworkConfig
    normalisation: Normalisation
    created: str
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] | None = None
    curves: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    temperature: float = 1.0
    known_images: KnownImages | None = None
    self_test: SelfTest | None = None
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        expected = max(2, self.network.outputs)
        if len(self.classes) != expected:
            raise ModelError(f"the network tells {expected} classes apart but the card names {len(self.classes)}")
        # Not a number fails the comparison too.
        if not MIN_TEMPERATURE <= self.temperature <= MAX_TEMPERATURE:
            raise ModelError(
                f"the temperature must be from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}, not {self.temperature}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return a plain dictionary that ``from_json`` reads back."""
        return {
            "format": FORMAT_VERSION,
            "name": self.name,
            "classes": self.classes.to_json(),
            "network": self.network.to_json(),
            "normalisation": {"low": self.normalisation.low, "high": self.normalisation.high},
            "created": self.created,
            "training": self.training,
            "metrics": self.metrics,
            "curves": self.curves,
            "files": self.files,
            "temperature": self.temperature,
            "known_images": None if self.known_images is None else self.known_images.to_json(),
            "self_test": None if self.self_test is None else self.self_test.to_json(),
            "title": self.title,
            "note": self.note,
        }

    @classmethod
    def from_json(cls, value: object) -> ModelCard:
        """Build from an untrusted dictionary; ModelError if anything is missing or out of bounds."""
        if not isinstance(value, dict):
            raise ModelError("the card is not a JSON object")
        if value.get("format") != FORMAT_VERSION:
            raise ModelError(
                f"the card has format {value.get('format')!r}, this program reads {FORMAT_VERSION}",
                remedy="Open it with the version of SegTool that wrote it.",
            )
        try:
            low, high = float(value["normalisation"]["low"]), float(value["normalisation"]["high"])
            if not 0 <= low < high <= 100:
                raise ModelError(f"normalisation percentiles must rise within 0…100, not {low}, {high}")
            known, test = value.get("known_images"), value.get("self_test")
            files = {str(name): str(digest) for name, digest in value["files"].items()}
            return cls(
                name=str(value["name"])[:200],
                classes=ClassSet.from_json(value["classes"]),
                network=NetworkConfig.from_json(value["network"]),
                normalisation=Normalisation(low, high),
                created=str(value.get("created", "")),
                training=value["training"] if isinstance(value.get("training"), dict) else {},
                metrics=value["metrics"] if isinstance(value.get("metrics"), dict) else None,
                curves=value["curves"] if isinstance(value.get("curves"), list) else [],
                files=files,
                temperature=float(value.get("temperature", 1.0)),
                known_images=None if known is None else KnownImages.from_json(known),
                self_test=None if test is None else SelfTest.from_json(test),
                # For people only: what is no text, or too long, is no reason to refuse a model.
                title=one_line(value.get("title"))[:MAX_TITLE],
                note=value["note"][:MAX_NOTE] if isinstance(value.get("note"), str) else "",
            )
        # A whole number may be too large for a float: an OverflowError.
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as exc:
            raise ModelError(f"the card is malformed ({type(exc).__name__}: {exc})") from exc


def one_line(value: object) -> str:
    """Return a text with every run of white space as one blank; "" for what is no text."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def read_card(folder: Path) -> ModelCard:
    """Read and validate ``folder/model.json``; ModelError names the file and what is wrong."""
    path = folder / CARD_FILE
    check_plain_file(path, most_bytes=MAX_CARD_BYTES)
    try:
        return ModelCard.from_json(parse_card(path.read_bytes()))
    except OSError as exc:
        raise ModelError(f"the model's card cannot be read ({exc.strerror})", path=path) from exc
    except SegToolError as exc:
        raise ModelError(exc.reason, path=path, remedy=exc.remedy) from exc
