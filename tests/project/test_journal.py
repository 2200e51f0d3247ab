"""A journal gives back what was written to it, and of a damaged one everything before the damage; it never raises."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from segtool.core.edits import TILE
from segtool.core.geometry import Rect
from segtool.project.journal import (
    NO_MASK,
    Header,
    Journal,
    JournalError,
    Record,
    RecordKind,
    TileStream,
    apply_changes,
    encode_header,
    encode_record,
    journal_name,
    read_journal,
)
from segtool.project.status import Status

SHAPE = (30, 40)
DIGEST = hashlib.sha256(b"a mask").hexdigest()
Mask = npt.NDArray[np.uint8]


def tile(mask: Mask, column: int, row: int) -> TileStream:
    rect = Rect(column * TILE, row * TILE, TILE, TILE).intersect(Rect.of_shape(mask.shape))
    return TileStream(rect, zlib.compress(mask[rect.slices].tobytes(), 1))


def written(count: int) -> tuple[list[bytes], list[Mask]]:
    """Return the header and the records of that many changes, and the mask as it was after each."""
    rng = np.random.default_rng(4)
    mask = np.full(SHAPE, 255, np.uint8)
    parts, states = [encode_header(Header("sub/a b.tif", *SHAPE, base=DIGEST, revision=3))], [mask.copy()]
    for number in range(count):
        mask[:, rng.integers(0, 40) :] = number
        tiles = (tile(mask, 0, 0),)
        parts.append(encode_record(Record(RecordKind.CHANGE, 4 + number, 1e9, "Stroke", tiles=tiles)))
        states.append(mask.copy())
    return parts, states


def put(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / journal_name("sub/a b.tif", owner="test")
    path.write_bytes(data)
    return path


def state_of(journal: Journal, *, after: int = 3) -> Mask:
    mask = np.full(SHAPE, 255, np.uint8)
    apply_changes(mask, journal.changes(after=after), path=journal.path)
    return mask


def read(path: Path) -> Journal:
    journal = read_journal(path)
    assert journal is not None
    return journal


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    header = Header("b\udcff.png", 7, 9, base=NO_MASK, revision=2)
    mask = np.arange(63, dtype=np.uint8).reshape(7, 9)
    records = (
        Record(RecordKind.PAINTING, 3, 1.5, "Stroke", Status.CORRECTED, "nuclei", tiles=(tile(mask, 0, 0),)),
        Record(RecordKind.TAKEN_BACK, 3, 2.5),
        Record(RecordKind.CHANGE, 3, 3.5, "Füllen", Status.PREDICTED, "0001-m", tiles=(tile(mask, 0, 0),)),
        Record(RecordKind.SAVING, 3, 4.5, digest=DIGEST),
    )
    path = put(tmp_path, encode_header(header) + b"".join(map(encode_record, records)))
    journal = read(path)
    assert (journal.header, journal.records, journal.is_whole) == (header, records, True)
    found = np.zeros_like(mask)
    apply_changes(found, journal.changes(after=2), path=path)
    assert np.array_equal(found, mask)


def test_cut_at_every_byte_of_the_last_records_the_ones_before_count(tmp_path: Path) -> None:
    parts, states = written(4)
    kept = b"".join(parts[:-2])
    data = b"".join(parts)
    bounds = [sum(map(len, parts[: 1 + count])) for count in range(len(parts))]
    for size in range(len(kept), len(data) + 1):
        journal = read(put(tmp_path, data[:size]))
        whole = sum(1 for bound in bounds[1:] if bound <= size)
        assert len(journal.records) == whole
        assert journal.is_whole is (size in bounds)
        if size in bounds or size % 20 == 0:
            assert np.array_equal(state_of(journal), states[whole])


def test_cut_inside_its_header_it_is_damaged_and_before_that_it_is_nothing(tmp_path: Path) -> None:
    header = encode_header(Header("a.png", 5, 5, base=NO_MASK))
    for size in range(len(header)):
        path = put(tmp_path, header[:size])
        if size <= len(b"SegTool journal\n"):
            assert read_journal(path) is None
        else:
            with pytest.raises(JournalError, match="damaged"):
                read_journal(path)
    assert read(put(tmp_path, header)).records == ()


def test_no_flipped_bit_is_taken_for_a_change(tmp_path: Path) -> None:
    parts, states = written(3)
    data = b"".join(parts)
    for bit in np.random.default_rng(1).integers(0, 8 * len(data), 300):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << (bit % 8)
        path = put(tmp_path, bytes(damaged))
        if bit // 8 < len(parts[0]):
            with pytest.raises(JournalError):
                read(path)
            continue
        journal = read(path)
        assert not journal.is_whole
        assert np.array_equal(state_of(journal), states[len(journal.records)])


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 40, 5000])
def test_random_bytes_are_no_journal(tmp_path: Path, size: int) -> None:
    data = np.random.default_rng(size).bytes(size)
    for prefix in (b"", b"SegTool journal\n"):
        path = put(tmp_path, prefix + data)
        if not data:
            assert read_journal(path) is None
            continue
        with pytest.raises(JournalError):
            read_journal(path)


def test_one_of_a_newer_version_says_so(tmp_path: Path) -> None:
    header = encode_header(Header("a.png", 5, 5, base=NO_MASK))
    text = header[24:].replace(b'"format": 1', b'"format": 2')
    data = header[:16] + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text
    with pytest.raises(JournalError, match="newer version"):
        read_journal(put(tmp_path, data))


@pytest.mark.parametrize(
    "bad",
    [
        TileStream(Rect(20, 0, 30, 30), b"x"),
        TileStream(Rect(-1, 0, 5, 5), b"x"),
        TileStream(Rect(0, 0, 0, 5), b"x"),
        TileStream(Rect(0, 0, 300, 5), b"x"),
    ],
)
def test_a_tile_outside_of_the_mask_ends_the_journal(tmp_path: Path, bad: TileStream) -> None:
    record = Record(RecordKind.CHANGE, 1, 1e9, tiles=(bad,))
    journal = read(put(tmp_path, encode_header(Header("a.png", *SHAPE, base=NO_MASK)) + encode_record(record)))
    assert (journal.records, journal.is_whole) == ((), False)


@pytest.mark.parametrize("pixels", [bytes(24), bytes(26), bytes(5_000_000)])
def test_a_tile_of_another_size_than_it_says_is_refused_without_unpacking_all_of_it(
    tmp_path: Path, pixels: bytes
) -> None:
    bad = TileStream(Rect(0, 0, 5, 5), zlib.compress(pixels))
    record = Record(RecordKind.CHANGE, 1, 1e9, tiles=(bad,))
    journal = read(put(tmp_path, encode_header(Header("a.png", *SHAPE, base=NO_MASK)) + encode_record(record)))
    with pytest.raises(JournalError, match="another size"):
        state_of(journal, after=0)


def test_a_stroke_counts_while_it_is_not_over_and_what_it_became_once_it_is(tmp_path: Path) -> None:
    painting, over = Record(RecordKind.PAINTING, 4, 1e9), Record(RecordKind.CHANGE, 4, 1e9)
    taken_back, saving = Record(RecordKind.TAKEN_BACK, 4, 1e9), Record(RecordKind.SAVING, 4, 1e9, digest="d")
    header = encode_header(Header("a.png", *SHAPE, base=DIGEST, revision=3))
    for records, kept in (
        ([painting, painting], [painting, painting]),
        ([painting, over], [over]),
        ([painting, taken_back], []),
        ([painting, taken_back, painting], [painting]),
        ([over, saving], [over]),
    ):
        journal = read(put(tmp_path, header + b"".join(map(encode_record, records))))
        assert list(journal.changes(after=3)) == kept
        assert journal.changes(after=4) == ()


def test_it_knows_its_base_and_every_save(tmp_path: Path) -> None:
    saves = [
        Record(RecordKind.SAVING, revision, 1e9, digest=digest) for revision, digest in ((5, "x"), (7, "y"), (9, "x"))
    ]
    data = encode_header(Header("a.png", *SHAPE, base=DIGEST, revision=3)) + b"".join(map(encode_record, saves))
    journal = read(put(tmp_path, data))
    assert [journal.revision_of(digest) for digest in (DIGEST, "x", "y", "z", NO_MASK)] == [3, 9, 7, None, None]


def test_each_start_of_the_program_has_files_of_its_own() -> None:
    names = {journal_name(key, owner=owner) for key in ("a.png", "b.png") for owner in ("1", "2")}
    assert len(names) == 4
    assert all("/" not in journal_name(key, owner="1") for key in ("../a", "x" * 5000, "b\udcff"))
