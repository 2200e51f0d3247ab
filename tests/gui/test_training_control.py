from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from segtool.core.geometry import Rect
from segtool.core.run_settings import AugmentationSettings, RunSettings
from segtool.formats.mask_png import read_mask
from segtool.gui import training_plan
from segtool.gui.session import Session
from segtool.gui.session_state import Level
from segtool.gui.training_control import TrainingControl
from segtool.gui.training_state import Comparison, Phase, RunState, Scores, steps_text
from tests.gui.training_fixtures import (
    PROGRESS,
    STARTED,
    WAIT_FOR_STOP,
    add_version,
    child,
    deliver,
    done,
    epoch,
    make_folder,
    preview,
    say,
)

SHORT = RunSettings(
    minutes=None, epochs=1, steps_per_epoch=2, batch=1, crop=64, augmentation=AugmentationSettings.none()
)


@pytest.fixture
def control(session: Session) -> Iterator[object]:
    made: list[TrainingControl] = []

    def make(program: tuple[str, ...] | None = None) -> TrainingControl:
        made.append(TrainingControl(session, program=program))
        return made[-1]

    yield make
    for item in made:
        item.close()


def wait_for_end(qtbot, control: TrainingControl, *, seconds: int = 20) -> None:
    qtbot.waitUntil(lambda: not control.is_running, timeout=seconds * 1000)


@pytest.mark.timeout(180)
def test_a_real_run_becomes_the_active_version(qtbot, tmp_path, tiny_model_folder, session, messages, control):
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-tiny")
    assert session.open_folder(root)
    assert session.set_active_model("0001-tiny")
    control = control()
    # So slow that the new model is the old one to three places: it must count as not worse.
    settings = replace(SHORT, learning_rate=1e-5)
    assert control.start(settings, base="0001-tiny", name="0002-test")
    wait_for_end(qtbot, control, seconds=150)
    state = control.state
    assert state.phase is Phase.FINISHED, state.message + state.log
    assert [item.epoch for item in state.epochs] == [1]
    assert state.comparison is not None
    assert state.comparison.new_scores is not None
    assert state.comparison.old_scores is not None
    assert state.comparison.held_out == 1
    assert session.model is not None
    assert session.model.name == "0002-test"
    assert sorted(path.name for path in (root / "models").iterdir()) == ["0001-tiny", "0002-test"]
    assert messages[-1] == (state.message, Level.INFO)
    assert "0002-test is now the active model" in state.message


def test_a_run_of_one_folder_is_not_shown_in_another(qtbot, tmp_path, tiny_model_folder, session, control):
    assert session.open_folder(make_folder(tmp_path / "photos"))
    control = control(child(tmp_path, say(STARTED), deliver(tiny_model_folder), say(done(0.80, 0.90))))
    control.start(SHORT, base="nuclei", name="0001-new")
    wait_for_end(qtbot, control)
    assert control.state.phase is Phase.FINISHED
    assert session.open_folder(make_folder(tmp_path / "other"))
    assert control.state == RunState()


WHY = "F1 0.800 on 1 held-out image, 0001-old has 0.900."


def test_a_model_that_its_run_refuses_is_kept_as_a_candidate(
    qtbot, tmp_path, tiny_model_folder, session, messages, control
):
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-old")
    session.open_folder(root)
    session.set_active_model("0001-old")
    control = control(
        child(tmp_path, say(STARTED), deliver(tiny_model_folder), say(done(0.80, 0.90, accepted=False, why=WHY)))
    )
    told: list[str] = []
    activated: list[str] = []
    control.refused.connect(told.append)
    control.version_activated.connect(activated.append)
    control.start(SHORT, base="0001-old", name="0002-new")
    wait_for_end(qtbot, control)
    assert session.model is not None
    assert session.model.name == "0001-old"
    assert "0002-new" in [entry.name for entry in session.models]
    assert told == [f"0002-new is kept as a candidate, 0001-old stays active. {WHY}"]
    assert messages == []
    assert activated == []
    assert control.state.comparison == Comparison(
        "0002-new", "0001-old", Scores(0.8, 0.4, 0.75, 0.25), Scores(0.9, 0.45, 0.75, 0.25), 1, False, WHY
    )
    assert control.state.other_text == "Activate anyway"
    control.take_other()
    assert session.model.name == "0002-new"
    assert activated == ["0002-new"]
    assert (control.state.other, control.state.message) == ("", "0002-new is now the active model.")


def test_an_accepted_model_takes_the_place_of_no_model_that_it_was_not_compared_with(
    qtbot, tmp_path, tiny_model_folder, session, control
):
    root = make_folder(tmp_path / "photos")
    for name in ("0001-old", "0002-other"):
        add_version(root, tiny_model_folder, name)
    session.open_folder(root)
    session.set_active_model("0001-old")
    end = say(done(0.95, 0.90, why="It is better than 0001-old."))
    control = control(child(tmp_path, say(STARTED), WAIT_FOR_STOP, deliver(tiny_model_folder), end))
    told: list[str] = []
    control.refused.connect(told.append)
    control.start(SHORT, base="0001-old", name="0003-new")
    qtbot.waitUntil(lambda: bool(control.state.train_images), timeout=10_000)
    session.set_active_model("0002-other")
    control._run._process.write(b"go on\n")
    wait_for_end(qtbot, control)
    assert session.model.name == "0002-other"
    assert told == [
        "0003-new is kept as a candidate: 0002-other became active meanwhile, and the two have not been compared. "
        "It is better than 0001-old."
    ]
    assert control.state.other_text == "Activate anyway"
    control.take_other()
    assert session.model.name == "0003-new"


def test_an_accepted_model_is_one_click_from_the_one_before(qtbot, tmp_path, tiny_model_folder, session, control):
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-old")
    session.open_folder(root)
    session.set_active_model("0001-old")
    # The verdict counts, whatever the scores say.
    control = control(child(tmp_path, say(STARTED), deliver(tiny_model_folder), say(done(0.80, 0.90))))
    over: list[str] = []
    session.message_over.connect(over.append)
    control.start(SHORT, base="0001-old", name="0002-new")
    wait_for_end(qtbot, control)
    assert session.model.name == "0002-new"
    assert control.state.other_text == "Go back to 0001-old"
    told = control.state.message
    # However the person goes back.
    session.set_active_model("0001-old")
    assert over == [told]
    assert control.state.other == ""
    assert control.state.message == "0001-old is now the active model."


def test_a_model_that_is_not_worse_becomes_active(qtbot, tmp_path, tiny_model_folder, session, messages, control):
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-old")
    session.open_folder(root)
    session.set_active_model("0001-old")
    program = child(
        tmp_path,
        'assert value("--compare") == "0001-old" and value("--base") == "none"',
        say(STARTED),
        deliver(tiny_model_folder),
        say(done(0.898, 0.90)),
    )
    control = control(program)
    control.start(SHORT, base="none", name="0002-new")
    wait_for_end(qtbot, control)
    assert session.model is not None
    assert session.model.name == "0002-new"
    assert "0.898" in messages[-1][0]
    assert "0.900" in messages[-1][0]


@pytest.mark.parametrize(
    ("new", "old", "accepted", "text"),
    [
        (0.9, 0.8, True, "0002-new is now the active model. F1 0.900 on 3 held-out images, 0001-old has 0.800."),
        (
            0.7,
            0.8,
            False,
            "0002-new is kept as a candidate, 0001-old stays active. "
            "F1 0.700 on 3 held-out images, 0001-old has 0.800.",
        ),
        (
            None,
            None,
            True,
            "0002-new is now the active model. No image was held out, so nothing measures it. "
            "Look at a few predictions, and go back to 0001-old if they are worse.",
        ),
        (
            0.9,
            None,
            True,
            "0002-new is now the active model. F1 0.900 on 3 held-out images. "
            "0001-old tells other classes apart, so the two cannot be compared.",
        ),
    ],
)
def test_a_verdict_without_a_reason_is_explained_by_the_scores(new, old, accepted, text):
    def scores(f1: float | None) -> Scores | None:
        return None if f1 is None else Scores(f1, f1, f1, f1)

    comparison = Comparison("0002-new", "0001-old", scores(new), scores(old), 3, accepted)
    assert comparison.message(before="0001-old") == text


def test_the_previews_and_steps_of_a_run_are_kept(qtbot, tmp_path, tiny_model_folder, session, control):
    session.open_folder(make_folder(tmp_path / "photos"))
    previews = [preview(step, columns=step) for step in (0, 10, 20)]
    program = child(
        tmp_path,
        say(STARTED),
        *map(say, previews),
        say(PROGRESS),
        WAIT_FOR_STOP,
        deliver(tiny_model_folder),
        say(done(0.9, None)),
    )
    control = control(program)
    control.start(SHORT, base="none", name="0001-test")
    qtbot.waitUntil(lambda: control.state.fraction == PROGRESS.fraction, timeout=10_000)
    assert (control.state.first_preview, control.state.last_preview) == (previews[0], previews[2])
    assert (control.state.train_images, control.state.held_out) == (6, 1)
    assert control.state.step == PROGRESS.step
    control.stop()
    wait_for_end(qtbot, control)


@pytest.mark.parametrize(
    ("step", "fraction", "text"),
    [
        (0, 0.0, ""),
        (3, 0.01, "step 3"),
        (310, 0.6, "step 310 of about 520"),
        (25, 0.05, "step 25 of about 500"),
        (999, 1.0, "step 999 of about 1000"),
        (101, 1.0, "step 101 of about 101"),
    ],
)
def test_steps_are_told_in_words(step, fraction, text):
    assert steps_text(RunState(step=step, fraction=fraction)) == text


def test_masks_of_one_class_stop_it_before_any_process(qtbot, tmp_path, session, messages, control):
    session.open_folder(make_folder(tmp_path / "photos", one_class=True))
    control = control((str(tmp_path / "must-not-be-started"),))
    control.start(SHORT, base="none", name="0001-test")
    wait_for_end(qtbot, control)
    assert control.state.phase is Phase.FAILED
    assert "two classes" in control.state.message
    assert messages[-1][1] is Level.WARNING
    assert not (tmp_path / "photos" / "models").exists()


def test_unsaved_masks_are_on_disk_before_the_process_starts(qtbot, tmp_path, session, control):
    root = make_folder(tmp_path / "photos", with_mask=2)
    session.open_folder(root)
    assert session.open_image("5.png")
    assert session.document is not None
    height, width = session.document.mask.shape
    session.apply_pixels("Fill", Rect(0, 0, width, height), read_mask(root / "masks" / "1.png"))
    assert session.has_unsaved()
    copy = tmp_path / "settings.json"
    program = child(
        tmp_path,
        f"shutil.copy(value('--settings'), {str(copy)!r})",
        f"assert pathlib.Path({str(root / 'masks' / '5.png')!r}).exists()",
        say(STARTED),
        "sys.exit(3)",
    )
    control = control(program)
    control.start(SHORT, base="none", name="0001-test")
    wait_for_end(qtbot, control)
    assert json.loads(copy.read_text())["images"] == ["0.png", "1.png", "5.png"]
    assert not session.has_unsaved()


def test_held_out_images_are_chosen_once_and_never_trained_on(qtbot, tmp_path, session, control):
    root = make_folder(tmp_path / "photos")
    session.open_folder(root)
    copy = tmp_path / "settings.json"
    control = control(child(tmp_path, f"shutil.copy(value('--settings'), {str(copy)!r})", "sys.exit(3)"))
    choices = []
    for _ in range(2):
        control.start(SHORT, base="none", name="0001-test")
        wait_for_end(qtbot, control)
        choices.append(json.loads(copy.read_text()))
    held_out = choices[0]["held_out"]
    assert len(held_out) == 1
    assert len(choices[0]["images"]) == 6
    assert not set(held_out) & set(choices[0]["images"])
    assert choices[1] == choices[0]
    assert json.loads((root / "segtool.json").read_text())["held_out"] == held_out


def test_masks_that_lie_elsewhere_are_named_to_the_process(qtbot, tmp_path, session, control):
    root, place = make_folder(tmp_path / "photos"), tmp_path / "place"
    place.mkdir()
    (root / "masks").rename(place / "masks")
    session.open_folder(root, data_root=place)
    found = tmp_path / "arguments.json"
    program = child(tmp_path, f"pathlib.Path({str(found)!r}).write_text(json.dumps(sys.argv[1:]))", "sys.exit(3)")
    control = control(program)
    control.start(SHORT, base="none", name="0001-test")
    wait_for_end(qtbot, control)
    arguments = json.loads(found.read_text())
    assert arguments[0] == str(root)
    assert arguments[arguments.index("--data") + 1] == str(place)
    assert arguments[arguments.index("--out") + 1] == str(place / "models" / "0001-test")


def test_a_double_click_on_stop_asks_once(qtbot, tmp_path, tiny_model_folder, session, control):
    session.open_folder(make_folder(tmp_path / "photos"))
    program = child(
        tmp_path, say(STARTED), say(epoch(1)), WAIT_FOR_STOP, deliver(tiny_model_folder), say(done(0.9, None))
    )
    control = control(program)
    control.start(SHORT, base="none", name="0001-test")
    qtbot.waitUntil(lambda: bool(control.state.epochs), timeout=10_000)
    control.stop()
    control.stop()
    assert control.state.phase is Phase.STOPPING
    wait_for_end(qtbot, control)
    assert control.state.phase is Phase.FINISHED


def test_shutting_down_leaves_no_process_and_no_folder(qtbot, tmp_path, session, control):
    root = make_folder(tmp_path / "photos")
    session.open_folder(root)
    program = child(
        tmp_path, "out.with_name('.' + out.name + '.x').mkdir(parents=True)", say(PROGRESS), "time.sleep(60)"
    )
    control = control(program)
    control.start(SHORT, base="none", name="0001-test")
    qtbot.waitUntil(lambda: control.state.fraction == PROGRESS.fraction, timeout=10_000)
    assert control.state.remaining == PROGRESS.remaining
    control.shut_down()
    assert not control.is_running
    assert control.state.phase is Phase.CANCELLED
    assert list((root / "models").iterdir()) == []


def test_a_check_that_was_given_up_may_fail_late(qtbot, tmp_path, session, monkeypatch, control):
    session.open_folder(make_folder(tmp_path / "photos"))
    control, has_failed = control(child(tmp_path, say(STARTED), WAIT_FOR_STOP)), threading.Event()
    control._worker.worker.failed.connect(lambda _: has_failed.set(), Qt.ConnectionType.DirectConnection)
    with monkeypatch.context() as patch:
        # As if the disk were gone for a moment.
        patch.setattr(training_plan, "find_problem", lambda *_: [][0])
        control.start(SHORT, base="none", name="0001-test")
        # This thread has not heard of it yet.
        assert has_failed.wait(20)
    control.shut_down()
    control.start(SHORT, base="none", name="0001-test")
    qtbot.waitUntil(lambda: bool(control.state.train_images) or not control.is_running, timeout=20_000)
    assert control.is_running, control.state.message


def test_a_second_run_is_refused_while_one_is_under_way(qtbot, tmp_path, session, messages, control):
    session.open_folder(make_folder(tmp_path / "photos"))
    control = control(child(tmp_path, say(STARTED), WAIT_FOR_STOP))
    control.start(SHORT, base="none", name="0001-test")
    assert not control.start(SHORT, base="none", name="0002-test")
    assert "already" in messages[-1][0]
    assert control.state.name == "0001-test"


def test_a_failure_keeps_the_log(qtbot, tmp_path, session, control):
    session.open_folder(make_folder(tmp_path / "photos"))
    control = control(child(tmp_path, "raise ValueError('the disk is full')"))
    control.start(SHORT, base="none", name="0001-test")
    wait_for_end(qtbot, control)
    assert control.state.phase is Phase.FAILED
    assert "the disk is full" in control.state.message
    assert "Traceback" in control.state.log
