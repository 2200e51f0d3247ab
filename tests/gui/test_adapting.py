"""Which versions can be moved between base and full adaptation, and what becomes of the process that does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segtool.core.errors import ModelError
from segtool.core.normalisation import Normalisation
from segtool.core.run_events import RunFailed, RunProgress, RunStarted, to_line
from segtool.gui.adapting import AdaptControl, find_choice, why_not_adapt
from segtool.gui.session_state import Level
from segtool.models.card import ModelCard
from segtool.models.network_config import NetworkConfig
from segtool.models.store import ModelEntry
from tests.gui.training_fixtures import add_version, child, deliver, done, make_folder, say
from tests.mix_fixtures import POINTS
from tests.model_fixtures import NUCLEI, change_card

ADAPTATION = {"points": POINTS, "chosen": 1.0}
STARTED = RunStarted(train_images=0, held_out=("3.png",), parameters=1, base="b", minutes=None, epochs=None)
SCORING = RunProgress(stage="scoring", step=0, fraction=0.5, loss=0.0, elapsed=1.0, remaining=None)


def _entry(name: str, *, bundled: bool = False, network: NetworkConfig | None = None, **training: Any) -> ModelEntry:
    card = ModelCard(name, NUCLEI, network or NetworkConfig(), Normalisation(), "", training=training)
    return ModelEntry(name, Path(name), card, bundled)


BASE = _entry("nuclei", bundled=True, base="none")
NEW = _entry("0001-nuclei", base="nuclei", adaptation=ADAPTATION)
MIX = _entry("0002-nuclei-at-50", base="nuclei", mixed_with="0001-nuclei", amount=0.5)


def test_a_version_lies_between_its_base_and_itself() -> None:
    choice = find_choice([BASE, NEW], NEW)
    assert (choice.base, choice.new, choice.amount) == (BASE, NEW, 1.0)
    assert choice.adaptation is not None
    assert [point.to_json() for point in choice.adaptation.points] == POINTS


def test_a_mix_lies_between_the_two_that_it_was_mixed_from() -> None:
    choice = find_choice([BASE, NEW, MIX], MIX)
    assert (choice.active, choice.base, choice.new, choice.amount) == (MIX, BASE, NEW, 0.5)
    assert choice.adaptation == find_choice([BASE, NEW], NEW).adaptation


def test_a_curve_that_ends_elsewhere_is_not_shown() -> None:
    stopped_short = _entry("0001-nuclei", base="nuclei", adaptation=ADAPTATION | {"chosen": 0.75})
    assert find_choice([BASE, stopped_short], stopped_short).adaptation is None


@pytest.mark.parametrize(
    ("others", "active", "words"),
    [
        ([], BASE, "comes with the program"),
        ([], NEW, "nuclei, which 0001-nuclei was trained from, is gone"),
        ([], _entry("0001-cells", base="none"), "from scratch"),
        ([], _entry("0001-cells"), "from scratch"),
        ([_entry("nuclei", network=NetworkConfig(widths=(8, 8)))], NEW, "another architecture"),
        ([BASE], MIX, "0001-nuclei, which 0002-nuclei-at-50 was mixed from, is gone"),
        ([BASE, NEW], _entry("0003", base="nuclei", mixed_with="0001-nuclei", amount="half"), "is gone"),
    ],
)
def test_the_reason_why_not_is_told(others: list[ModelEntry], active: ModelEntry, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        find_choice([*others, active], active)


@pytest.fixture
def control(qtbot, session, tmp_path: Path, tiny_model_folder: Path) -> Iterator[Callable[..., AdaptControl]]:
    """A control with a version open whose child processes are small scripts; the model that they deliver is whole."""
    root = make_folder(tmp_path / "photos")
    add_version(root, tiny_model_folder, "0001-base")
    new = add_version(root, tiny_model_folder, "0002-new", f1=0.5)
    change_card(new, training={"base": "0001-base"})
    assert session.open_folder(root)
    assert session.set_active_model("0002-new")
    made: list[AdaptControl] = []

    def make(*lines: str) -> AdaptControl:
        made.append(AdaptControl(session, program=child(tmp_path, *lines)))
        assert why_not_adapt(session) == ""
        assert made[-1].start(find_choice(session.models, session.model), 0.25)
        return made[-1]

    yield make
    for item in made:
        item.shut_down()


def _wait(qtbot, control: AdaptControl) -> None:
    qtbot.waitUntil(lambda: not control.state.is_running, timeout=10_000)


@pytest.mark.parametrize(
    ("new", "old", "accepted", "active"),
    [(0.6, 0.5, True, "0003-new-at-25"), (0.5, 0.6, False, "0002-new"), (None, None, True, "0003-new-at-25")],
    ids=["better", "worse", "not measured"],
)
def test_a_version_becomes_active_unless_it_is_worse(
    qtbot, control, session, messages, tiny_model_folder, new, old, accepted, active
) -> None:
    check = 'assert sys.argv[1:5] == ["0001-base", "0002-new", "--amount", "0.25"], sys.argv'
    compare = 'assert value("--compare") == "0002-new" and value("--folder") and "--events" in sys.argv'
    made = control(
        check, compare, say(STARTED), say(SCORING), deliver(tiny_model_folder), say(done(new, old, accepted=accepted))
    )
    seen = []
    made.state_changed.connect(lambda: seen.append((made.state.stage, made.state.fraction)))
    _wait(qtbot, made)
    assert ("Scoring on the held-out images", 0.5) in seen
    assert session.model.name == active
    assert [entry.name for entry in session.models][-1] == "0003-new-at-25"
    level = Level.WARNING if active == "0002-new" else Level.INFO
    assert messages[-1] == (made.state.message, level)
    if new is not None:
        assert f"F1 {new:.3f} on 1 held-out image" in made.state.message


def test_a_version_takes_the_place_of_no_model_that_it_was_not_compared_with(
    qtbot, control, session, messages, tiny_model_folder
) -> None:
    made = control(say(SCORING), "sys.stdin.readline()", deliver(tiny_model_folder), say(done(0.6, 0.5)))
    qtbot.waitUntil(lambda: made.state.fraction == 0.5, timeout=10_000)
    session.set_active_model("0001-base")
    made._run._process.write(b"go on\n")
    _wait(qtbot, made)
    assert session.model.name == "0001-base"
    assert "0003-new-at-25" in [entry.name for entry in session.models]
    assert made.state.message.startswith("0003-new-at-25 is kept as a candidate: 0001-base became active meanwhile")
    assert messages[-1] == (made.state.message, Level.WARNING)


def test_stopping_keeps_nothing(qtbot, control, session) -> None:
    made = control(say(SCORING), 'out.with_name("." + out.name + ".x").mkdir()', "sys.stdin.readline()")
    qtbot.waitUntil(lambda: made.state.fraction == 0.5, timeout=10_000)
    made.cancel()
    _wait(qtbot, made)
    assert made.state.message.startswith("Stopped. No version was made.")
    models = session.project.data_root / "models"
    assert sorted(path.name for path in models.iterdir()) == ["0001-base", "0002-new"]
    assert session.model.name == "0002-new"


def test_a_version_that_was_whole_before_the_end_is_kept(qtbot, control, session, tiny_model_folder) -> None:
    made = control(deliver(tiny_model_folder), f"say({to_line(RunFailed('The disk is full.'))!r})", "sys.exit(1)")
    _wait(qtbot, made)
    assert made.state.is_warning
    assert made.state.message == "The disk is full. 0003-new-at-25 was written before that and is kept."
    assert session.model.name == "0002-new"
    assert "0003-new-at-25" in [entry.name for entry in session.models]


def test_an_end_without_a_word_is_called_what_it_was(qtbot, control) -> None:
    made = control("sys.exit(3)")
    _wait(qtbot, made)
    assert made.state.message.startswith("The mixing ended before its model was finished (exit code 3). ")


def test_one_at_a_time(qtbot, control, session) -> None:
    made = control(say(SCORING), "sys.stdin.readline()")
    assert not made.start(find_choice(session.models, session.model), 0.5)
