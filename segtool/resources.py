"""Where the files are that come with the program: bundled models, sample images, icons."""

from __future__ import annotations

from pathlib import Path

from segtool.core.errors import SegToolError

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_resources"
_IN_CHECKOUT = _PACKAGE.parent / "resources"


def resource_path(*parts: str) -> Path:
    """Return where a file or folder of the program's resources lies.

    Parameters
    ----------
    *parts : str
        Names below the resources, such as ``"models"`` or ``"icons", "brush.svg"``.

    Returns
    -------
    Path
        An absolute path in the installed package, or in the repository when run from a checkout.
        Whether that file is there is for the caller to see.

    Raises
    ------
    SegToolError
        If the resources as a whole are missing.
    """
    for root in (_IN_WHEEL, _IN_CHECKOUT):
        if root.is_dir():
            return root.joinpath(*parts)
    raise SegToolError(
        "the files that come with SegTool are missing", path=_IN_WHEEL, remedy="Install SegTool again, or get it whole."
    )
