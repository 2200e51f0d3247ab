"""What the command line does with mistakes and with odd terminals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from segtool import cli
from tests.model_fixtures import texture


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["train", "folder"], "--out"),
        (["train", "folder", "--out", "m", "--minutes", "-1"], "--minutes"),
        (["train", "folder", "--out", "m", "--minutes", "nan"], "--minutes"),
        (["train", "folder", "--out", "m", "--epochs", "0"], "--epochs"),
        (["train", "folder", "--out", "m", "--epochs", "2.5"], "--epochs"),
        (["train", "folder", "--out", "m", "--epochs", "2", "--minutes", "1"], "--minutes"),
        (["evaluate"], "FOLDER"),
        (["info", "folder", "--jason"], "--jason"),
    ],
)
def test_wrong_usage_is_told_in_one_line(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(arguments) == cli.WRONG_USAGE
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert word in told


def test_a_name_that_the_terminal_cannot_show_is_no_reason_to_fail(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), texture(8, 8))
    os.rename(tmp_path / "a.png", tmp_path / "細胞.png")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "segtool", "info", tmp_path], capture_output=True, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert b"8x8" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes a stream")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_reason_to_fail(tmp_path: Path, closed: str) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), texture(8, 8))
    line = f"{sys.executable} -m segtool info {tmp_path} {closed}"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_progress_bar_in_a_pipe_even_if_colours_are_forced(tmp_path: Path, tiny_model_folder: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), texture(16, 16))
    environment = {**os.environ, "FORCE_COLOR": "1", "TTY_COMPATIBLE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "segtool", "segment", tmp_path, "--model", tiny_model_folder],
        capture_output=True,
        env=environment,
        timeout=60,
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert b"\x1b" not in done.stdout


def test_a_list_of_classes_that_cannot_be_used_is_not_passed_over_in_silence(
    tmp_path: Path, tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), texture(16, 16))
    assert cli.main(["segment", str(tmp_path), "--model", str(tiny_model_folder)]) == cli.DONE
    (tmp_path / "segtool.json").unlink()
    (tmp_path / "classes.json").write_text("[{]")
    assert cli.main(["evaluate", str(tmp_path), "--model", str(tiny_model_folder), "--json"]) == cli.DONE
    output = capsys.readouterr()
    assert "classes.json" in output.err
    assert json.loads(output.out[output.out.index("{") :])["images"] == 1
