"""What a studio's owner decides: settings, profiles, word lists. Nobody else can change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from hotfolder.errors import Mistake, MistakesError
from hotfolder.recipes import profile as profiles
from hotfolder.recipes.library import Library, Offer, spellings
from hotfolder.recipes.profile import Profile
from hotfolder.recipes.record import Record
from hotfolder.recipes.settings import Settings

_MOST_RESOLVED = 1024


@dataclass(frozen=True, slots=True)
class Config:
    """Settings, profiles as parsed TOML tables, word lists by name, and the studio's salt.

    `folders` has what lies in each folder of LoRAs or embeddings that settings or profiles name.
    `notes` are sentences on what of the studio's is not followed, or stands in for something else.
    `mistakes` are what is wrong in profiles and word lists: who uses one of those hears of it.
    """

    settings: Settings
    profiles: Mapping[str, Mapping[str, Any]]
    words: Mapping[str, list[str]]
    salt: str
    mistakes: tuple[Mistake, ...] = ()
    folders: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    _resolved: dict[tuple[str, str], Profile] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def profile(self, name: str | None, overrides: Mapping[str, Any] | None = None) -> Profile:
        """The resolved profile of this name (None: the default); raises MistakesError."""
        name = name or self.settings.profile
        wanted = name, repr(overrides) if overrides else ""
        if wanted not in self._resolved:
            laid = self.profile(name) if overrides else profiles.resolve(name, self.profiles)
            laid = profiles.override(laid, overrides or {})
            if len(self._resolved) >= _MOST_RESOLVED:
                self._resolved.clear()
            self._resolved[wanted] = profiles.check_links(laid, self.profiles)
        return self._resolved[wanted]

    def shelf(self, profile: Profile) -> Library:
        """What prompts can name, besides the profile's own LoRAs and words, when it is theirs."""
        model, settings = profile.model, self.settings
        loras = [self.folders.get(name, ()) for name in [*model.lora_folders, *settings.loras]]
        words = [
            self.folders.get(name, ()) for name in [*model.embedding_folders, *settings.embeddings]
        ]
        return Library(spellings(chain(*loras)), spellings(chain(*words)))

    def profile_of(self, record: Record | None, stars: int = 0) -> tuple[str, Profile]:
        """Name and profile for refining a picture: the preset for its stars, if there is one.

        Else what it was drafted with, else the default. A picture from elsewhere, or one whose
        profile is gone or has changed, is no mistake.
        """
        preset = self.settings.stars.preset(stars)
        if preset is not None:
            return preset, self.profile(preset)
        if record is not None and record.profile in self.profiles:
            try:
                return record.profile, self.profile(record.profile, record.overrides)
            except MistakesError:
                return record.profile, self.profile(record.profile)
        return self.settings.profile, self.profile(None)
