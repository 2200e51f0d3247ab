"""The operations that are asked for in a dialog, as data: one more is one more row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from segtool.core.classes import BACKGROUND, VOID
from segtool.core.operations.borders import Smoothing, grow, shrink, smooth
from segtool.core.operations.change import Mask, MaskChange, Scope, Tick
from segtool.core.operations.pieces import fill_holes, keep_largest, remove_islands
from segtool.core.operations.recode import swap
from segtool.core.operations.separate import separate
from segtool.core.operations.threshold import by_probability, level_of
from segtool.gui.tools.options import ChoiceOption, NumberOption, Option, ToggleOption


class OperationId(StrEnum):
    """Name of an operation with a dialog; that of its action too."""

    FILL_HOLES = auto()
    REMOVE_ISLANDS = auto()
    KEEP_LARGEST = auto()
    SEPARATE = auto()
    SMOOTH = auto()
    GROW = auto()
    SHRINK = auto()
    SWAP_CLASSES = auto()
    PREDICTION_THRESHOLD = auto()


class Where(Enum):
    """Where an operation works; the value is what a person reads."""

    WHOLE = "Whole mask"
    VIEW = "What is in view now"
    REGION = "One region (click it)"


@dataclass(frozen=True, slots=True)
class OperationOptions:
    """The value of every option of every operation; operations share those of the same name."""

    up_to: int = 0
    smaller_than: int = 50
    keep: int = 1
    distance: int = 10
    smoothing: Smoothing = Smoothing.MEDIAN
    radius: int = 2
    by: int = 2
    over_void: bool = False
    over_classes: bool = False
    least_probability: int = 50
    only_fill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a person has asked for: the class (None: every one), a second class, where, and the options.

    ``probability`` returns how probable the class is everywhere (0…255), for an operation that depends on the model.
    """

    class_id: int | None
    other_id: int = BACKGROUND
    scope: Scope
    options: OperationOptions
    probability: Callable[[], Mask] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSpec:
    """One operation.

    Attributes
    ----------
    id : OperationId
    text : str
        What menus show, with the mark of its menu key.
    about : str
        What it does, in a sentence or two.
    run : callable
        Returns what it changes in a mask; called in another thread.
    options : tuple of Option
        Fields of OperationOptions that a person sets.
    key : str
        Shortcut, or empty.
    for_every, for_background, for_void : bool
        Whether it can be done with all classes, with background, and with void.
    for_one : frozenset of str
        Fields that mean nothing for every class.
    has_other : bool
        Whether it needs a second class.
    places : tuple of Where
    """

    id: OperationId
    text: str
    about: str
    run: Callable[[Mask, Choice, Tick], MaskChange | None]
    options: tuple[Option, ...] = ()
    key: str = ""
    for_every: bool = True
    for_background: bool = True
    for_void: bool = False
    for_one: frozenset[str] = frozenset()
    has_other: bool = False
    places: tuple[Where, ...] = tuple(Where)

    def suits(self, class_id: int) -> bool:
        """Tell whether it can be done with a class, or with void."""
        if class_id == VOID:
            return self.for_void
        return self.for_background or class_id != BACKGROUND


_OVER_CLASSES = ToggleOption(
    field="over_classes", label="Over other classes too", tip="Otherwise only background and void make way"
)
_OVER_VOID = ToggleOption(
    field="over_void", label="Over void too", tip="Otherwise what nobody has labelled stays unlabelled"
)
_UP_TO = NumberOption(
    field="up_to",
    label="Holes up to",
    tip="Larger holes stay open",
    minimum=0,
    maximum=1_000_000,
    suffix=" px",
    is_geometric=True,
    lowest_text="any size",
)
_SMALLER_THAN = NumberOption(
    field="smaller_than",
    label="Smaller than",
    tip="Pieces with fewer pixels go",
    minimum=2,
    maximum=1_000_000,
    suffix=" px",
    is_geometric=True,
)
_KEEP = NumberOption(field="keep", label="Pieces to keep", tip="The largest ones stay", minimum=1, maximum=100)
_DISTANCE = NumberOption(
    field="distance",
    label="Middles at least",
    tip="How far apart the middles of two objects are: larger means fewer cuts",
    minimum=2,
    maximum=500,
    suffix=" px apart",
    is_geometric=True,
)
_SMOOTHING = ChoiceOption(field="smoothing", label="How", tip="What happens to the border", choices=Smoothing)
_RADIUS = NumberOption(
    field="radius", label="Radius", tip="How far around a pixel is looked", minimum=1, maximum=50, suffix=" px"
)
_BY = NumberOption(field="by", label="By", tip="Distance from the border", minimum=1, maximum=200, suffix=" px")
_LEAST_PROBABILITY = NumberOption(
    field="least_probability",
    label="At least",
    tip="How probable the class must be: 50 % is what segmenting takes of two classes",
    minimum=0,
    maximum=100,
    suffix=" %",
)
_ONLY_FILL = ToggleOption(
    field="only_fill",
    label="Only fill void and background",
    tip="Other classes stay, and nothing of the class is taken away",
)

OPERATIONS: tuple[OperationSpec, ...] = (
    OperationSpec(
        id=OperationId.FILL_HOLES,
        text="Fill &holes…",
        about="Background and void that the class encloses become the class.",
        run=lambda mask, c, tick: fill_holes(
            mask, c.class_id, up_to=c.options.up_to, over_classes=c.options.over_classes, scope=c.scope, tick=tick
        ),
        options=(_UP_TO, _OVER_CLASSES),
        for_one=frozenset(("over_classes",)),
        key="Ctrl+Shift+H",
    ),
    OperationSpec(
        id=OperationId.REMOVE_ISLANDS,
        text="Remove &islands…",
        about="Small pieces of the class become what surrounds them.",
        run=lambda mask, c, tick: remove_islands(
            mask, c.class_id, smaller_than=c.options.smaller_than, scope=c.scope, tick=tick
        ),
        options=(_SMALLER_THAN,),
        key="Ctrl+Shift+I",
        for_void=True,
        places=(Where.WHOLE, Where.VIEW),
    ),
    OperationSpec(
        id=OperationId.KEEP_LARGEST,
        text="&Keep the largest…",
        about="All other pieces of the class become what surrounds them.",
        run=lambda mask, c, tick: keep_largest(mask, c.class_id, count=c.options.keep, scope=c.scope, tick=tick),
        options=(_KEEP,),
        places=(Where.WHOLE, Where.VIEW),
    ),
    OperationSpec(
        id=OperationId.SEPARATE,
        text="S&eparate touching objects…",
        about="Where objects of the class touch, a line of background is drawn through the neck between them. "
        "Fill holes first: they hide necks.",
        run=lambda mask, c, tick: separate(mask, c.class_id, distance=c.options.distance, scope=c.scope, tick=tick),
        options=(_DISTANCE,),
        for_background=False,
    ),
    OperationSpec(
        id=OperationId.SMOOTH,
        text="&Smooth…",
        about="Evens out the border of the class.",
        run=lambda mask, c, tick: smooth(
            mask,
            c.class_id,
            how=c.options.smoothing,
            radius=c.options.radius,
            over_void=c.options.over_void,
            over_classes=c.options.over_classes,
            scope=c.scope,
            tick=tick,
        ),
        options=(_SMOOTHING, _RADIUS, _OVER_VOID, _OVER_CLASSES),
        for_background=False,
    ),
    OperationSpec(
        id=OperationId.GROW,
        text="&Grow…",
        about="The class spreads over background and void around it.",
        run=lambda mask, c, tick: grow(
            mask, _one(c), by=c.options.by, over_classes=c.options.over_classes, scope=c.scope, tick=tick
        ),
        options=(_BY, _OVER_CLASSES),
        for_every=False,
    ),
    OperationSpec(
        id=OperationId.SHRINK,
        text="Sh&rink…",
        about="The border of the class recedes; what it leaves becomes what is nearest.",
        run=lambda mask, c, tick: shrink(mask, _one(c), by=c.options.by, scope=c.scope, tick=tick),
        options=(_BY,),
        for_every=False,
    ),
    OperationSpec(
        id=OperationId.SWAP_CLASSES,
        text="Swap &two classes…",
        about="Each of the two classes gets the pixels of the other.",
        run=lambda mask, c, tick: swap(mask, _one(c), c.other_id, scope=c.scope, tick=tick),
        for_every=False,
        has_other=True,
    ),
)
# Asked for beside segmenting: what it does depends on the model.
PREDICTION_THRESHOLD = OperationSpec(
    id=OperationId.PREDICTION_THRESHOLD,
    text="Prediction &threshold…",
    about="Pixels where the model finds the class at least this probable become the class; less probable pixels of "
    "the class become background.",
    run=lambda mask, c, tick: by_probability(
        mask,
        _probability(c),
        _one(c),
        at_least=level_of(c.options.least_probability),
        only_fill=c.options.only_fill,
        scope=c.scope,
        tick=tick,
    ),
    options=(_LEAST_PROBABILITY, _ONLY_FILL),
    for_every=False,
    places=(Where.WHOLE, Where.VIEW),
)
SPEC_OF = {spec.id: spec for spec in (*OPERATIONS, PREDICTION_THRESHOLD)}


def _one(choice: Choice) -> int:
    assert choice.class_id is not None
    return choice.class_id


def _probability(choice: Choice) -> Mask:
    assert choice.probability is not None
    return choice.probability()
