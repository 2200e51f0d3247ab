from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segtool.core.errors import ImageError, MaskError, SegToolError
from segtool.formats.image import probe_image, read_image
from segtool.formats.mask_png import read_mask

# Every way in must refuse these before a decoder sees them.
READERS = [
    pytest.param(probe_image, ImageError, id="probe_image"),
    pytest.param(read_image, ImageError, id="read_image"),
    pytest.param(read_mask, MaskError, id="read_mask"),
]
posix_only = pytest.mark.skipif(os.name == "nt", reason="POSIX file kinds")
Reader = Callable[[Path], object]


def refused(reader: Reader, error: type[SegToolError], path: Path) -> str:
    with pytest.raises(error) as caught:
        reader(path)
    assert caught.value.path == path
    return caught.value.reason


@pytest.mark.parametrize(("reader", "error"), READERS)
class TestRefused:
    @posix_only
    @pytest.mark.timeout(20)
    def test_a_pipe_is_not_waited_for(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        os.mkfifo(path)
        assert "pipe" in refused(reader, error, path)

    @posix_only
    @pytest.mark.timeout(20)
    def test_a_link_to_an_endless_device(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.symlink_to("/dev/zero")
        assert "device" in refused(reader, error, path)

    def test_a_folder_named_like_an_image(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.mkdir()
        assert "is a folder" in refused(reader, error, path)

    def test_a_missing_file(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        assert "no such file" in refused(reader, error, tmp_path / "a.png")

    @posix_only
    def test_links_that_lead_nowhere(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        dangling, loop = tmp_path / "a.png", tmp_path / "b.png"
        dangling.symlink_to("gone.png")
        loop.symlink_to("b.png")
        assert "no such file" in refused(reader, error, dangling)
        assert "cannot be opened" in refused(reader, error, loop)

    def test_an_impossible_name(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        assert "cannot be opened" in refused(reader, error, tmp_path / "a\0.png")
        assert "cannot be opened" in refused(reader, error, tmp_path / ("x" * 300 + ".png"))

    def test_no_bytes(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(b"")
        assert "0 bytes" in refused(reader, error, path)

    def test_text_named_png(self, reader: Reader, error: type[SegToolError], tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_text("<html>Please log in</html>", encoding="utf-8")
        assert refused(reader, error, path).startswith(("is a web page, not", "is not"))

    @posix_only
    @pytest.mark.timeout(20)
    def test_a_pipe_that_takes_the_place_of_a_file(
        self, reader: Reader, error: type[SegToolError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, file = tmp_path / "a.png", tmp_path / "b.png"
        os.mkfifo(path)
        file.write_bytes(b"x")
        real_stat = os.stat
        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", lambda asked: real_stat(file if asked == path else asked))
            assert "pipe" in refused(reader, error, path)
