"""Operations on a class of a mask: pure functions that say which pixels become what.

Each takes the mask (H×W uint8, never written to), the class id or None for every class, parameters and a `Scope`, and
returns a `MaskChange`, or None if nothing would change. What they share:

* A piece of a class is connected by edges and corners (8 neighbours), a hole by edges only (4 neighbours).
* Pixels of other classes stay as they are, unless an option says "over other classes".
* What a class loses becomes what surrounds it: removed pieces what borders them most, a border that recedes what is
  nearest.
* The edge of the image is no border: nothing recedes from it, and what is open towards it is no hole.

Work that depends on the size of the mask goes in bands; ``tick`` is called between them and may raise to give up.
"""
