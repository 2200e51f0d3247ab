"""The same open folder that the canvas is tested on."""

from __future__ import annotations

from tests.gui.canvas.conftest import image_folder, open_session, session

__all__ = ["image_folder", "open_session", "session"]
