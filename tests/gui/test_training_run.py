from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from segtool.core.errors import TrainingError
from segtool.core.run_events import RunDone, RunEpoch, RunFailed, RunProgress, RunStarted, to_line
from segtool.core.run_settings import RunSettings
from segtool.gui.training_child import LineReader, explain_end
from segtool.gui.training_run import RunRequest, TrainingRun

STARTED = RunStarted(train_images=2, held_out=("a.png",), parameters=10, base="none", minutes=1.0, epochs=None)
EPOCH = RunEpoch(
    epoch=1, step=25, train_loss=0.5, train_f1=0.5, val_loss=0.6, val_f1=0.4, best=True, learning_rate=1e-4, seconds=1.0
)
PROGRESS = RunProgress(stage="training", step=3, fraction=0.1, loss=0.7, elapsed=1.0, remaining=9.0)
DONE = RunDone(model="0001-test", metrics=None, base_metrics=None, seconds=2.0, steps=25, reason="stopped")

# What every script starts with: the arguments as a training gets them and a half-written model folder beside the place.
HEAD = """
import json, os, pathlib, sys, time
def value(name): return sys.argv[sys.argv.index(name) + 1]
out = pathlib.Path(value("--out"))
half = out.with_name(f".{out.name}.tmp")
def say(line): print(line, flush=True)
def whole():
    half.rename(out)
    (out / "model.json").write_text("{}")
half.mkdir(parents=True)
(half / "weights.h5").write_bytes(b"half")
"""


@pytest.fixture
def start(tmp_path: Path):
    """Start a run whose process is a small script instead of a training; end it when the test ends."""
    runs: list[TrainingRun] = []

    def make(body: str, **patience: int) -> tuple[TrainingRun, Path]:
        script = tmp_path / "child.py"
        script.write_text(HEAD + body, encoding="utf-8")
        out = tmp_path / "models" / "0001-test"
        request = RunRequest(root=tmp_path, base="none", out=out, settings=RunSettings(minutes=2.0))
        run = TrainingRun(request, program=(sys.executable, str(script)), **patience)
        runs.append(run)
        return run, out

    yield make
    for run in runs:
        run.shut_down()


def collect(run: TrainingRun) -> list[object]:
    events: list[object] = []
    run.reported.connect(events.append)
    return events


def test_lines_are_put_together_from_pieces():
    reader = LineReader()
    assert reader.feed(b'{"a"') == []
    assert reader.feed(b": 1}\r\nsecond\nthi") == ['{"a": 1}', "second"]
    assert reader.rest() == ["thi"]
    assert reader.rest() == []


def test_events_arrive_whole_and_in_order_whatever_the_pipe_does(qtbot, start):
    half = len(to_line(EPOCH)) // 2
    run, out = start(f"""
settings = json.load(open(value("--settings")))
assert settings["minutes"] == 2.0 and "--events" in sys.argv and value("--base") == "none"
say("a library talks")
say({to_line(STARTED)!r})
line = {to_line(EPOCH)!r} + "\\n" + {to_line(PROGRESS)!r} + "\\n"
sys.stdout.write(line[:{half}]); sys.stdout.flush(); time.sleep(0.1)
sys.stdout.write(line[{half}:]); sys.stdout.flush()
whole()
sys.stdout.write({to_line(DONE)!r}); sys.stdout.flush()
""")
    events = collect(run)
    with qtbot.waitSignal(run.finished, timeout=10_000) as done:
        run.start()
    assert events == [STARTED, EPOCH, PROGRESS, DONE]
    assert done.args == [DONE]
    assert [path.name for path in out.parent.iterdir()] == ["0001-test"]


def test_stop_asks_once_and_the_run_finishes_with_what_it_has(qtbot, start):
    run, out = start(f"""
say({to_line(STARTED)!r})
assert sys.stdin.readline() == "stop\\n"
whole()
say({to_line(DONE)!r})
""")
    run.reported.connect(lambda event: run.stop() if event == STARTED else None)
    with qtbot.waitSignal(run.finished, timeout=10_000):
        run.start()
    assert (out / "model.json").exists()


@pytest.mark.parametrize("again", [True, False], ids=["asked twice", "patience lost"])
def test_a_run_that_does_not_stop_is_ended_and_leaves_nothing(qtbot, start, again):
    run, out = start(f"say({to_line(STARTED)!r})\ntime.sleep(60)", stop_patience_ms=60_000 if again else 200)
    failures: list[str] = []
    run.failed.connect(failures.append)

    def stop(_event: object) -> None:
        run.stop()
        if again:
            run.stop()

    run.reported.connect(stop)
    with qtbot.waitSignal(run.cancelled, timeout=10_000):
        run.start()
    assert not run.is_running
    assert failures == []
    assert list(out.parent.iterdir()) == []


def test_an_error_event_is_the_message(qtbot, start):
    failed = RunFailed(message="b.png: the mask does not fit its image.")
    run, out = start(f"say({to_line(failed)!r})\nsys.exit(1)")
    with qtbot.waitSignal(run.failed, timeout=10_000) as caught:
        run.start()
    assert caught.args == [failed.message]
    assert list(out.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
@pytest.mark.parametrize(("signal", "word"), [(9, "memory"), (11, "crashed")])
def test_a_crash_is_one_message_and_other_versions_stay(qtbot, start, signal, word):
    run, out = start(f"say({to_line(STARTED)!r})\nos.kill(os.getpid(), {signal})")
    (out.parent / "0000-older").mkdir(parents=True)
    (out.parent / "note on 0001-test.txt").write_text("mine")
    with qtbot.waitSignal(run.failed, timeout=10_000) as caught:
        run.start()
    assert word in caught.args[0]
    assert sorted(path.name for path in out.parent.iterdir()) == ["0000-older", "note on 0001-test.txt"]


def test_the_last_line_of_the_log_explains_an_exit_without_an_event(qtbot, start):
    run, _ = start("print('\\n'.join(map(str, range(80))), file=sys.stderr)\nraise ValueError('no space left')")
    with qtbot.waitSignal(run.failed, timeout=10_000) as caught:
        run.start()
    assert "ValueError: no space left" in caught.args[0]
    assert len(run.log.splitlines()) == 50


def test_a_whole_model_counts_although_the_process_dies_after_it(qtbot, start):
    run, out = start(f"whole()\nsay({to_line(DONE)!r})\ntime.sleep(60)", end_patience_ms=200)
    with qtbot.waitSignal(run.finished, timeout=10_000) as done:
        run.start()
    assert done.args == [DONE]
    assert (out / "model.json").exists()


def test_a_program_that_is_not_there_fails_with_a_message(qtbot, tmp_path):
    request = RunRequest(root=tmp_path, base="none", out=tmp_path / "models" / "x", settings=RunSettings())
    run = TrainingRun(request, program=(str(tmp_path / "no-such-program"),))
    with qtbot.waitSignal(run.failed, timeout=10_000) as caught:
        run.start()
    assert "could not be started" in caught.args[0]


def test_a_name_that_is_taken_is_refused_before_any_process(start):
    run, out = start("")
    out.mkdir(parents=True)
    with pytest.raises(TrainingError, match="already"):
        run.start()
    assert not run.is_running


@pytest.mark.skipif(sys.platform == "win32", reason="niceness of Unix")
def test_the_child_gives_way_to_the_window_and_keeps_quiet(qtbot, start):
    run, _ = start(f"""
say({to_line(STARTED)!r})
sys.stdin.readline()
print(os.getpriority(os.PRIO_PROCESS, 0), os.environ["TF_CPP_MIN_LOG_LEVEL"], file=sys.stderr)
""")
    run.reported.connect(lambda event: run.stop())
    with qtbot.waitSignal(run.cancelled, timeout=10_000):
        run.start()
    niceness, level = run.log.split()
    assert int(niceness) > os.getpriority(os.PRIO_PROCESS, 0)
    assert level == "3"


def test_memory_is_named_where_the_log_says_so():
    assert "out of memory" in explain_end(1, crashed=False, log="numpy._core._exceptions._ArrayMemoryError: x")
    assert explain_end(0, crashed=False, log="").startswith("The training ended before its model was finished. ")
