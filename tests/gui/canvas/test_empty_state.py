"""What is said in place of an image."""

from __future__ import annotations

from pathlib import Path

from segtool.gui.canvas.empty_state import empty_text
from segtool.gui.session import Session


def test_each_kind_of_nothing_has_its_own_text(session: Session, image_folder: Path, tmp_path: Path) -> None:
    assert "Ctrl+O" in " ".join(empty_text(session, failed_key=""))
    (tmp_path / "nothing").mkdir()
    assert session.open_folder(tmp_path / "nothing")
    assert "no images" in empty_text(session, failed_key="")[0]
    assert session.open_folder(image_folder)
    assert empty_text(session, failed_key="")[0] == "No image is open"
    assert not session.open_image("c.png")
    title, hint = empty_text(session, failed_key="c.png")
    assert "c.png" in title
    assert hint == session.entry_reason("c.png") != ""
