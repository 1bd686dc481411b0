"""What the daemon does, what comes next and why, and what waits."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from itertools import islice
from typing import Any

from hotfolder.errors import printable
from hotfolder.jobs import Job, Render
from hotfolder.overview import steering
from hotfolder.plan import plan
from hotfolder.ranking import not_yet, rank
from hotfolder.studio.layout import Studio
from hotfolder.studio.scan.survey import Survey
from hotfolder.studio.store import status_file
from hotfolder.studio.store.ledger import Ledger
from hotfolder.studio.store.lock import is_held

_MOST = 30


class Work:
    """Looks through a studio as `hotfolder plan` does, from any thread."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._guard = threading.Lock()
        self._survey: Survey | None = None

    def best(self) -> tuple[Mapping[str, float], str]:
        """Scores from 0 to 1 of the drafts that nobody judged yet, by their paths.

        There are none while too little was judged to learn from; then a sentence says so.
        """
        with self._guard:
            if self._survey is None:
                self._survey = Survey(self._studio)
            self._survey.look()
            ranking = rank(self._studio, self._survey.scanner)
        return ranking.scores, "" if ranking.judge else not_yet(ranking)

    def now(self) -> dict[str, Any]:
        """The daemon's state, the next jobs in order with their reasons, and what waits."""
        with self._guard:
            if self._survey is None:
                self._survey = Survey(self._studio)
            survey = self._survey
            snapshot = survey.look()
            history = Ledger(self._studio).history
            jobs = list(islice(plan(snapshot, history, survey.config), _MOST + 1))
        running = is_held(self._studio.root)
        posted = status_file.read(self._studio.root) if running else status_file.StatusFile()
        waiting = {printable(path): says for path, says in snapshot.waiting.items()} | posted.waits
        settings = survey.config.settings
        devices = settings.devices
        disk = shutil.disk_usage(self._studio.root)
        return {
            "running": running,
            "pause": posted.pause,
            "jobs": [_told(job) for job in jobs[:_MOST]],
            "more": len(jobs) > _MOST,
            "waiting": waiting,
            "held": snapshot.unseen_drafts >= settings.pause_endless_at,
            "drafts": snapshot.unseen_drafts,
            "pause_at": settings.pause_endless_at,
            "free_gb": disk.free / 1e9,
            "low": snapshot.disk_is_low,
            "steering": steering(snapshot.advice, settings.taste),
            "passed": history.left_undone,
            "device": ", ".join([devices] if isinstance(devices, str) else devices),
        }


def _told(job: Job) -> dict[str, Any]:
    kind = type(job).__name__
    recipe = job.recipe if isinstance(job, Render) else None
    return {
        "kind": kind,
        "path": printable(job.path),
        "why": job.why,
        "prompt": recipe.prompt if recipe else "",
        "width": recipe.width if recipe else 0,
        "height": recipe.height if recipe else 0,
    }
