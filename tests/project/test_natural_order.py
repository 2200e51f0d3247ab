"""The order of names, compared with natsort's."""

from __future__ import annotations

import numpy as np
from natsort import natsort_keygen, ns

from segtool.project.natural_order import in_natural_order


def by_natsort(keys: list[str]) -> list[str]:
    natural = natsort_keygen(alg=ns.IGNORECASE)
    return sorted(keys, key=lambda key: (tuple(natural(part) for part in key.split("/")), key))


def test_numbers_count_and_folders_stay_together() -> None:
    keys = ["b10.png", "b9.png", "B9a.png", "a/2.png", "a/10.png", "a1/1.png", "a.png", "09.png", "9.png", "10.png"]
    expected = ["09.png", "9.png", "10.png", "a/2.png", "a/10.png", "a1/1.png", "a.png", "b9.png", "B9a.png", "b10.png"]
    assert in_natural_order(keys) == expected == by_natsort(keys)


def test_a_number_may_have_as_many_digits_as_a_character_has_for_its_code() -> None:
    keys = [f"a{'1' * digits}{rest}" for digits in (1, 46, 47, 48, 92, 95) for rest in ("", "/b", "b", " 1")]
    assert in_natural_order(keys[::-1]) == by_natsort(keys)


def test_it_is_the_order_of_natsort_for_any_names() -> None:
    rng = np.random.default_rng(0)
    for letters in ("aB0129-_ .", "a01/", "01", "aä1²/", "a\x011"):
        for _ in range(30):
            lengths = rng.integers(1, 9, 60)
            keys = ["".join(rng.choice(list(letters), length)) for length in lengths]
            assert in_natural_order(keys) == by_natsort(keys)
