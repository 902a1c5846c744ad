"""How honest the simulated Instagram is: where it takes a side, guesses, or does nothing.

The stances are in `conflicts.py` (sources disagree), `open_questions.py` (no source says) and
`not_imitated.py`; `docs/simulated-instagram.md` is made from them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stance:
    """`ours` is what happens here by default. `keys` of the config or `faults` (fields of the fault
    script) change it; without both, `fixed` says why nothing does.
    """

    topic: str
    ours: str
    sides: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    fixed: str = ""
