"""Seal the cards of the models and bases that come with the program, and write what all their files hash to.

Run it after a file under ``resources/models`` or ``resources/bases`` has changed on purpose. A card without a self-test
gets one: what its network answers now.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from segtool.inference.runtime import Runtime
from segtool.models.bundled import BUNDLED_PLACES
from segtool.models.card import CARD_FILE, NETWORK_DATA_FILE, NETWORK_FILE, read_card
from segtool.models.card_text import card_text
from segtool.models.network_file import NetworkFiles, check_description
from segtool.models.self_test import known_image, make_self_test

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "segtool" / "models" / "bundled_digests.py"
SEED = 1
HEAD = '''"""SHA-256 of the models and bases that come with the program. Written by ``tools/seal_bundled.py``."""

from __future__ import annotations

BUNDLED_DIGESTS: dict[str, dict[str, str]] = '''


def seal(folder: Path) -> None:
    """Give a card its self-test and its seal, and leave everything else on it as it is."""
    card = read_card(folder)
    value = json.loads((folder / CARD_FILE).read_bytes())
    if NETWORK_FILE in card.files and card.self_test is None:
        description, data = ((folder / name).read_bytes() for name in (NETWORK_FILE, NETWORK_DATA_FILE))
        check_description(description, data_size=len(data), path=folder / NETWORK_FILE)
        runtime = Runtime.of(NetworkFiles(replace(card, self_test=None), description, data), folder)
        answer = runtime.probabilities(known_image(card.network, seed=SEED))
        value["self_test"] = make_self_test(answer, seed=SEED).to_json()
    (folder / CARD_FILE).write_bytes(card_text(value))


def digests(folder: Path) -> dict[str, str]:
    """Return what the card and the files that it names hash to."""
    names = [CARD_FILE, *read_card(folder).files]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def main() -> None:
    """Seal every card, then write the table."""
    found = {}
    for place in BUNDLED_PLACES:
        for path in sorted((ROOT / "resources" / place).glob(f"*/{CARD_FILE}")):
            seal(path.parent)
            found[f"{place}/{path.parent.name}"] = digests(path.parent)
    TABLE.write_text(HEAD + json.dumps(found, indent=4) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
