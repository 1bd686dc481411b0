"""`hotfolder doctor`: what this computer can do, what is missing, and what would help."""

from __future__ import annotations

import json
import os
import platform
import shutil
from argparse import Namespace
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from hotfolder import __version__
from hotfolder.errors import EXIT_DONE, EXIT_SOME_FAILED, MistakesError, StudioMissingError
from hotfolder.recipes.config import Config
from hotfolder.recipes.sources import is_hub_id
from hotfolder.report import findings
from hotfolder.report.findings import Finding, Section, State
from hotfolder.report.terminal import console
from hotfolder.studio import layout
from hotfolder.studio.config import load
from hotfolder.studio.mounts import remote_kind

if TYPE_CHECKING:
    from hotfolder.render.free_cores import FreeCores
    from hotfolder.render.memory.fit import Fit, Prospect
    from hotfolder.render.memory.memory_plan import Budget
    from hotfolder.render.memory.proposal import Candidate
    from hotfolder.render.selftest import Gain

GB = 1e9
STARTS_WITH = "postcard"  # the profile of a studio whose owner has chosen none
WORTH = 1.1  # times as fast
LONG_SECONDS = 5


def run(options: Namespace) -> int:
    """Look at everything, print what was found; any finding that needs its owner is an error."""
    os.environ["HF_HUB_OFFLINE"] = "1"  # read when the hub's library is imported: fetch nothing
    sections = []
    studio, config = None, load.nobody()
    try:
        studio = layout.find(options.studio)
    except StudioMissingError:
        if options.studio != Path():  # somebody has named it
            raise
    if studio is not None:
        config, fatal = load.examine(studio)
        wrong = [Finding(m.where, "bad", m.says, "Nothing is rendered until then.") for m in fatal]
        sections += [Section("Settings", tuple(wrong))] if wrong else []
    sections += _sections(config, studio, options.measure)
    screen = console()
    if options.json:
        screen.print(json.dumps([asdict(section) for section in sections], indent=2))
    else:
        findings.show(sections, screen)
        screen.print(f"\n{findings.verdict(sections)}")
    states = {finding.state for section in sections for finding in section.findings}
    return EXIT_SOME_FAILED if "bad" in states else EXIT_DONE


def _sections(config: Config, studio: layout.Studio | None, measure: bool) -> Iterator[Section]:
    from hotfolder.render.free_cores import FreeCores
    from hotfolder.render.memory import devices

    free_cores = FreeCores()
    device = devices.first(config.settings.devices)
    budget = devices.budget(device)
    repeats = tuple(_of_repeats(device))  # first: what other programs take meanwhile is measured
    threads = tuple(_of_threads(device, free_cores))
    yield Section("This computer", (*_of_computer(device, budget), *threads))
    base = studio.root if studio else None
    yield Section("Profiles", tuple(_of_profiles(config, base, device, budget)))
    yield Section("The same picture twice", repeats)
    if measure:
        yield Section("Faster", tuple(_of_gains(device)))
    if studio is not None:
        yield Section("Studio", tuple(_of_studio(studio, config)))


def _of_computer(device: str, budget: Budget) -> Iterator[Finding]:
    from hotfolder.render import environment
    from hotfolder.render.memory import cards, devices

    versions = ", ".join(f"{name} {number}" for name, number in environment.versions().items())
    python = platform.python_version()
    yield Finding("versions", "good", f"hotfolder {__version__}, Python {python}, {versions}")
    if unused := cards.trouble(cards.card(), cards.torch_here()):
        yield Finding("graphics card", "bad", unused.says, unused.advice)
    total = devices.total_bytes(device)
    free = f"{budget.device_bytes / GB:.1f} of {total / GB:.1f} GB can be used for pictures"
    name = environment.device_name(device)
    if device == "cpu":
        advice = (
            "Without a graphics card, large models take minutes for a picture; postcard is fast."
        )
        yield Finding("device", "note", f"{name}; {free}", advice)
    else:
        advice = ""
        if budget.device_bytes < 0.6 * total:
            advice = (
                "Other programs hold much of its memory; close them to leave more for pictures."
            )
        yield Finding("device", "note" if advice else "good", f"{name}; {free}", advice)
    others = [other for other in environment.devices() if other != device]
    if others:
        advice = 'devices = "auto" in hotfolder.toml uses all of them.'
        yield Finding("more devices", "good", ", ".join(others), advice)


def _of_threads(device: str, free_cores: FreeCores) -> Iterator[Finding]:
    """How many threads a CPU computes with, and how many pay just now."""
    from hotfolder.render import environment

    threads, cores = environment.default_threads(), os.cpu_count() or 1
    says, advice = f"{threads} of {cores} cores", ""
    if threads > cores:
        advice = f"More threads than cores are slow: set OMP_NUM_THREADS={cores}."
    elif device == "cpu" and (paying := free_cores.count()) < threads:
        says += f", of which other programs leave {paying} free now"
        advice = 'threads = "auto" in hotfolder.toml follows that, which is faster.'
    yield Finding("threads", "note" if advice else "good", says, advice)


def _of_profiles(
    config: Config, base: Path | None, device: str, budget: Budget
) -> Iterator[Finding]:
    from hotfolder.render import environment
    from hotfolder.render.memory import fit, proposal
    from hotfolder.render.models import hub

    usable: list[Finding] = []
    others: list[Finding] = []
    prospects: dict[str, Prospect] = {}
    for name in sorted(config.profiles, key=lambda name: (name != config.settings.profile, name)):
        try:
            profile = config.profile(name)
        except MistakesError as error:
            yield Finding(name, "bad", str(error), "`hotfolder check` lists all mistakes.")
            continue
        dtype = environment.word(environment.dtype(profile.model.dtype, device))
        prospects[name] = found = fit.prospect(profile, base, dtype, budget)
        is_default = name == config.settings.profile
        finding = _of_profile(name, found, profile.model.source, budget, is_default)
        (usable if is_default or finding.state == "good" else others).append(finding)
    yield from usable + others
    if config.settings.profile == STARTS_WITH:
        best = proposal.proposed(device, prospects, hub.free_bytes(hub.cache()))
        yield from _of_proposal(best, prospects) if best else ()


def _of_proposal(best: Candidate, prospects: Mapping[str, Prospect]) -> Iterator[Finding]:
    """What somebody who has chosen nothing yet could go on with, and what it costs."""
    says = f"{best.profile} is the best for this card and disk; licence: {best.licence}"
    advice = f'profile = "{best.profile}" in hotfolder.toml takes it.'
    if prospects[best.profile].where == "missing":
        says += f"; {best.download_bytes / GB:.3g} GB to fetch, {best.minutes} min at 100 Mbit/s"
        advice = f"`hotfolder fetch {best.profile}` fetches it; then {advice}"
    yield Finding("next", "note", says, advice)


def _of_profile(
    name: str, found: Prospect, source: str, budget: Budget, is_default: bool
) -> Finding:
    """How a profile is off. One that is not the default may well be of no use here."""
    fitting = all(fit.fits for fit in found.fits)
    hopeless = any(fit.least_bytes > budget.device_bytes for fit in found.fits)
    says = (
        "; ".join(_in_words(fit) for fit in found.fits) or "what memory it takes is not known yet"
    )
    if hopeless:
        least = max(fit.least_bytes for fit in found.fits)
        says = f"too large for this computer: even small pictures take {least / GB:.1f} GB"
    advice = []
    if found.where == "unusable" or (found.where == "missing" and not hopeless):
        advice.append(_of_weights(found, source))
    if hopeless and is_default:
        advice.append("Choose another profile, with a smaller model.")
    elif not fitting and not hopeless:
        keys = {"drafts": "draft.area", "finals": "refine.area"}
        keys_in_words = " and ".join(keys[fit.stage] for fit in found.fits if not fit.fits)
        advice.append(f"Choose a smaller {keys_in_words} in the profile.")
    advice += _of_plans({fit.plan for fit in found.fits if fit.fits})
    fails = found.where == "unusable" or (is_default and (found.where == "missing" or not fitting))
    state: State = "bad" if fails else "good" if found.where == "here" and fitting else "note"
    return Finding(name, state, says, " ".join(advice))


def _of_weights(found: Prospect, source: str) -> str:
    """What to do about weights that are missing or cannot be used."""
    if found.where == "missing" and (is_hub_id(source) or source.startswith("hub:")):
        repository = "/".join(source.removeprefix("hub:").split("/")[:2])
        return f'Its weights are not here yet; "hf download {repository}" fetches them.'
    return f"Its weights cannot be used: {found.says}."


def _in_words(fit: Fit) -> str:
    """A stage, its size, what it takes, and how, where that is not the plain way."""
    width, height = fit.sides
    room = f"{fit.peak_bytes / GB:.1f} GB"
    if not fit.fits:
        return f"{fit.stage} {width}x{height} do not fit: they take {room}"
    plan = "" if fit.plan == "resident" else f" ({fit.plan.removeprefix('resident, ')})"
    return f"{fit.stage} {width}x{height} in {room}{plan}"


def _of_plans(plans: set[str]) -> Iterator[str]:
    """What the owner should know of the plans that are used."""
    holdings = {plan.partition(",")[0] for plan in plans}
    if "group-offload" in holdings:
        yield "Its layers are moved to the card one by one, which is slower but exact."
    if "fp8" in holdings:
        yield "Its weights are rounded to eight bits; more free memory would avoid that."


def _of_repeats(device: str) -> Iterator[Finding]:
    from hotfolder.render import selftest

    for repeat in selftest.repeats(device):
        if repeat.same:
            yield Finding(repeat.how, "good", "the same bits")
        else:
            advice = (
                "Pictures cannot be made again exactly here; please report the device and versions."
            )
            yield Finding(repeat.how, "bad", "other bits", advice)


def _of_gains(device: str) -> Iterator[Finding]:
    from hotfolder.render import selftest

    return map(of_gain, selftest.gains(device))


def of_gain(gain: Gain) -> Finding:
    """What could be faster and how to ask for it; no advice to do what does not pay."""
    if gain.says:
        return Finding(gain.how, "note", gain.says)
    advice = "Not worth it on this device."
    if gain.factor >= WORTH:
        advice = f"{gain.key} under [model] in a profile makes use of that."
        if gain.ready_seconds > LONG_SECONDS:
            advice += (
                f" Each size of picture waits for it once, about {gain.ready_seconds:.0f} s, "
                f"so it pays from {gain.pays_after} steps of one size."
            )
    return Finding(gain.how, "good", f"{gain.factor:.2f} times as fast a step", advice)


def _of_studio(studio: layout.Studio, config: Config) -> Iterator[Finding]:
    kind = remote_kind(studio.root)
    if kind is None:
        yield Finding("folder", "good", f"{studio.root}, on a disk of this computer")
    else:
        advice = "Changes that other computers make are noticed at the next look: see look_seconds."
        yield Finding("folder", "note", f"{studio.root}, on a network folder ({kind})", advice)
    for note in config.notes:
        yield Finding("trust", "note", note)
    free_gb = shutil.disk_usage(studio.root).free / GB
    low = free_gb < config.settings.keep_free_gb
    advice = "Rendering pauses until there is room; see keep_free_gb." if low else ""
    yield Finding("disk", "bad" if low else "good", f"{free_gb:.1f} GB free", advice)
