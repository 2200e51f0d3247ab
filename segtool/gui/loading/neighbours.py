"""Which images are likely to be asked for next."""

from __future__ import annotations


def neighbours(place: int, count: int, *, direction: int) -> list[int]:
    """Return the places in a list that may be shown next, the likeliest first.

    Parameters
    ----------
    place : int
        Of the shown image.
    count : int
        Images in the list.
    direction : int
        1 if the person last went on through the list, -1 if back.
    """
    wanted = (place + direction, place - direction, place + 2 * direction)
    return [index for index in wanted if 0 <= index < count]
