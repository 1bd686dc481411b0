"""The one look at a picture in the making, by which it may be given up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hotfolder.errors import UnwantedError
from hotfolder.executors.orders import GivenUp, Task
from hotfolder.taste import steering
from hotfolder.taste.logistic import sigmoid
from hotfolder.taste.rule import COMPLETED


class Look:
    """Looks at a task's picture once, as soon as `features` are known, and follows the task's rule.

    `chance` is how likely it was that a picture like this one would be completed; a share of those
    that are surely unwanted always is, and which ones follows from their recipes. `given_up` is
    what is to be reported of one that is not.
    """

    def __init__(self, task: Task, features: Callable[[], dict[str, bytes]]) -> None:
        self.chance = 1.0
        self.given_up: GivenUp | None = None
        self._task = task
        self._features = features
        self._looks = task.rule is not None and len(task.pictures) == 1

    def after(self, step: int, steps: int) -> None:
        """A step, from 1, is over. Raises UnwantedError if the picture is to be given up."""
        rule = self._task.rule
        if not self._looks or rule is None or not (kinds := self._features()):
            return
        self._looks = False
        [(attempt, recipe)] = self._task.pictures.items()
        logit = rule.logit(kinds)
        if logit is None or logit >= rule.bound:
            return
        if steering.is_usual(COMPLETED, recipe.id, "given up"):
            self.chance = COMPLETED
            return
        score = round(float(sigmoid(np.array(logit))), 4)
        self.given_up = GivenUp(attempt, step, steps, score, kinds)
        raise UnwantedError("it is surely unwanted")
