"""The command line as a person meets it: words, exit codes, signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hotfolder.cli import main
from hotfolder.commands import doctor
from hotfolder.studio.layout import Studio
from hotfolder.studio.store.lock import locked
from tests.conftest import Run
from tests.forkserver import ForkServer, until
from tests.test_flow import QUICK

ROOT = Path(__file__).parent.parent
HEAVY = {"torch", "diffusers", "PIL", "msgspec", "rich", "watchdog", "numpy", "platformdirs"}


@pytest.fixture
def quick(studio: Studio) -> Studio:
    """A studio whose pictures are small and need two steps."""
    (studio.profiles / "quick.toml").write_text(QUICK)
    studio.settings.write_text('profile = "quick"\n' + studio.settings.read_text())
    return studio


def test_help_imports_nothing_heavy() -> None:
    """`--help` answers before any library is imported."""
    code = (
        "import sys; from hotfolder.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "exit codes" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_init_says_what_to_do_next_and_repeats_without_harm(hotfolder: Run, tmp_path: Path) -> None:
    """A second `init` changes nothing, and nothing is put into the inbox."""
    first = hotfolder("init", tmp_path / "studio")
    assert "hotfolder run" in first.stdout
    settings = tmp_path / "studio/hotfolder.toml"
    settings.write_text("# mine\n")
    second = hotfolder("init", tmp_path / "studio")
    assert second.returncode == 0
    assert "nothing was changed" in second.stdout
    assert settings.read_text() == "# mine\n"
    assert sorted(p.name for p in (tmp_path / "studio/inbox").iterdir()) == ["done", "failed"]


@pytest.mark.parametrize(
    "command", [["run", "--once"], ["plan"], ["status"], ["check"], ["doctor"]]
)
def test_no_studio_is_exit_code_10(hotfolder: Run, tmp_path: Path, command: list[str]) -> None:
    """A folder that is no studio gets a sentence that names the command that makes one."""
    done = hotfolder(*command, tmp_path)
    assert done.returncode == 10
    assert "hotfolder init" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_second_daemon_is_refused(hotfolder: Run, studio: Studio) -> None:
    """Exit code 75 and a sentence; silence where a run under cron finds another at work."""
    with locked(studio.root):
        started = hotfolder("run", studio.root)
        from_cron = hotfolder("run", "--once", studio.root)
    assert started.returncode == 75
    assert "at work" in started.stderr
    assert (from_cron.returncode, from_cron.stdout, from_cron.stderr) == (0, "", "")


@pytest.mark.slow
def test_a_run_from_cron_is_silent(quick: Studio) -> None:
    """With nothing to complain about, no line is printed: cron would mail it."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(quick.root.parent), "LC_ALL": "C"}
    (quick.inbox / "灯台.txt").write_text("a lighthouse 灯台\n", "utf-8")
    command = [sys.executable, "-m", "hotfolder", "run", "--once", str(quick.root)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(quick.drafts.glob("lighthouse-灯台-*.png"))) == 2


def test_any_name_can_be_printed(studio: Studio) -> None:
    """A locale that knows no Japanese is no reason to fail."""
    (studio.inbox / "灯台.txt").write_text("a lighthouse 灯台\n", "utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "hotfolder", "plan", str(studio.root)]
    done = subprocess.run(command, capture_output=True, env=environment, check=True)
    assert "灯台.txt" in done.stdout.decode("utf-8")


PAINTED = """
import hotfolder.commands.run
from campaigns.kit import painter
from hotfolder.cli import program

hotfolder.commands.run.open_executor = painter.in_a_thread
program()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "program"),
    [(signal.SIGTERM, 143, ("-m", "hotfolder")), (signal.SIGINT, 130, ("-c", PAINTED))],
    ids=["SIGTERM", "SIGINT"],
)
def test_signals_end_the_daemon_cleanly(
    studio: Studio, number: int, code: int, program: tuple[str, ...]
) -> None:
    """The daemon ends by itself, with the signal's code, and leaves nothing half-written."""
    (studio.profiles / "quick.toml").write_text(
        'extends = "postcard"\nsteps = 2\n[draft]\narea = "64x64"\n'
    )
    (studio.inbox / "more.toml").write_text(
        'prompt = "a boat"\ncount = "endless"\nprofile = "quick"\n'
    )
    command = [sys.executable, *program, "run", str(studio.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=ROOT) as daemon:
        until(lambda: list(studio.drafts.glob("*.png")), 120)
        os.kill(daemon.pid, number)
        _, said = daemon.communicate(timeout=200)
    assert daemon.returncode == code
    assert b"Traceback" not in said
    assert not list(studio.root.rglob("*.tmp"))


def test_for_a_time(hotfolder: Run, studio: Studio) -> None:
    """`--for` ends by itself, however much there is to do: an endless file is left as it lies."""
    (studio.inbox / "more.toml").write_text('prompt = "a boat"\ncount = "endless"\n')
    assert hotfolder("run", "--for", "2s", studio.root).returncode == 0
    assert (studio.inbox / "more.toml").is_file()
    assert hotfolder("run", "--for", "soon", studio.root).returncode == 2


def test_plan_and_status_say_what_is_next(hotfolder: Run, studio: Studio) -> None:
    """Both describe the studio at once, without waiting for files to settle, and change nothing."""
    (studio.inbox / "castle.txt").write_text("a castle\n\na boat\n")
    (studio.inbox / "wrong.toml").write_text("promt = 1\n")
    planned = hotfolder("plan", studio.root).stdout.splitlines()
    assert "set aside inbox/wrong.toml" in planned[0]
    assert next(line for line in planned if '"a castle"' in line).endswith("draft 1 of 4")
    assert "running" in hotfolder("status", studio.root).stdout
    facts = json.loads(hotfolder("status", "--json", studio.root).stdout)
    assert (facts["drafts_wanted"], facts["running"]) == (8, False)
    assert "did you mean 'prompt'" in facts["broken"]["inbox/wrong.toml"]
    assert not list(studio.drafts.iterdir())


def test_check_lists_every_mistake_at_once(hotfolder: Run, studio: Studio) -> None:
    """Settings, profiles, word lists and prompt files are all looked through."""
    (studio.inbox / "a.toml").write_text('promt = 1\ncount = "many"\n')
    (studio.inbox / "b.txt").write_text("a castle, __lihgt__\n")
    (studio.wildcards / "light.txt").write_text("noon\n")
    done = hotfolder("check", studio.root)
    assert done.returncode == 3
    for words in ("did you mean 'prompt'", "count", "did you mean 'light'"):
        assert words in done.stdout
    studio.settings.write_text("profil = 1\n[stars]\nfrom = 9\n")
    (studio.profiles / "mine.toml").write_text('extends = "postcrad"\n')
    (studio.profiles / "broken.toml").write_text("steps = \n")
    done = hotfolder("check", studio.root)
    assert done.returncode == 3
    for words in ("did you mean 'profile'", "stars.from", "did you mean 'postcard'", "broken.toml"):
        assert words in done.stdout + done.stderr


def test_check_tells_a_size_that_does_not_fit(hotfolder: Run, studio: Studio) -> None:
    """A model that no computer here holds is named before it is fetched, with the prompt's file."""
    (studio.profiles / "huge.toml").write_text('[model]\nsource = "Qwen/Qwen-Image"\n')
    (studio.inbox / "a.toml").write_text('prompt = "a castle"\nprofile = "huge"\n')
    done = hotfolder("check", studio.root)
    assert done.returncode == 3
    assert "inbox/a.toml, draft.area: drafts of 800x800 take" in done.stdout
    assert "choose a smaller model" in done.stdout


@pytest.mark.slow
def test_doctor_looks_at_everything(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    """Versions, device, threads, each profile, the same bits in every way, and the folder."""
    (studio.profiles / "mine.toml").write_text('[model]\nsource = "./nowhere"\n')
    code, said = main(["doctor", "--json", str(studio.root)]), capsys.readouterr().out
    assert code == 0, said
    sections = {section["title"]: section["findings"] for section in json.loads(said)}
    topics = {title: {f["topic"]: f for f in found} for title, found in sections.items()}
    assert {"versions", "device", "threads"} <= topics["This computer"].keys()
    assert topics["Profiles"]["postcard"]["state"] == "good"
    assert "cannot be used" in topics["Profiles"]["mine"]["advice"]
    sdxl = topics["Profiles"]["sdxl"]
    assert '"hf download' in sdxl["advice"] or "too large for this computer" in sdxl["says"]
    assert {f["says"] for f in sections["The same picture twice"]} == {"the same bits"}
    assert len(sections["The same picture twice"]) == 5
    assert "disk" in topics["Studio"]["folder"]["says"] or "network" in str(topics["Studio"])


@pytest.mark.slow
def test_doctor_ends_as_an_error_where_nothing_can_be_made(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A default profile without weights needs its owner; outside a terminal lines are plain."""
    monkeypatch.setattr(doctor, "_of_repeats", lambda device: iter(()))  # they take long
    studio.settings.write_text('profile = "mine"\n')
    (studio.profiles / "mine.toml").write_text('[model]\nsource = "./nowhere"\n')
    assert main(["doctor", str(studio.root)]) == 3
    said = capsys.readouterr().out
    assert "  bad   mine: what memory it takes is not known yet" in said
    assert said.endswith("1 thing needs you.\n")


def test_profiles_are_listed_and_shown(hotfolder: Run, tmp_path: Path) -> None:
    """Outside any studio those that are included; a wrong name gets the nearest one."""
    listed = hotfolder("profiles", cwd=tmp_path)
    assert {"postcard", "sdxl", "flux-schnell"} <= set(listed.stdout.replace("*", " ").split())
    one = hotfolder("profiles", "postcard", cwd=tmp_path)
    assert "shipped:postcard" in one.stdout
    wrong = hotfolder("profiles", "postcrad", cwd=tmp_path)
    assert wrong.returncode == 3
    assert "did you mean 'postcard'" in wrong.stderr


def test_show_and_regenerate(
    hotfolder: Run, quick: Studio, forkserver: ForkServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What a picture says of itself, as a tree and as JSON, and whether it comes out again."""
    studio = quick
    (studio.inbox / "castle.txt").write_text("a {castle|castle} by a lake\n")
    forkserver.wait(forkserver.start("run", "--once", studio.root), 120)
    drafts = sorted(studio.drafts.glob("*.png"))
    drafts[0].rename(studio.seeds / drafts[0].name)
    forkserver.wait(forkserver.start("run", "--once", studio.root), 120)
    final = sorted(studio.final.glob("*.png"))[0]
    tree = hotfolder("show", final).stdout
    assert "prompt     a castle by a lake" in tree
    assert "└── made from draft" in tree
    facts = json.loads(hotfolder("show", "--json", final, drafts[1]).stdout)
    assert facts[0]["recipe"]["source"]["prompt"] == "a castle by a lake"
    assert facts[1]["record"]["template"] == "a {castle|castle} by a lake"
    nothing = studio.root / "photo.png"
    nothing.write_bytes((ROOT / "tests/data/rated/rejected_minus1.png").read_bytes())
    assert main(["regenerate", "--check", str(final)]) == 0
    assert main(["regenerate", "--check", str(nothing), str(studio.root / "missing.png")]) == 3
    assert "does not say how it was made" in caplog.text


@pytest.mark.slow
def test_the_wheel_has_all_it_needs(tmp_path: Path) -> None:
    """Profiles, examples and the model are in it; training and tests are not."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for name in (
        "hotfolder/profiles/postcard.toml",
        "hotfolder/examples/first-steps/inbox/by-the-sea.txt",
        "hotfolder/gallery/static/gallery.js",
        "hotfolder/gallery/templates/wall.html",
        "hotfolder/light/static/index.html",
        "hotfolder/models/postcard/unet/diffusion_pytorch_model.safetensors",
    ):
        assert name in names
    assert not [name for name in names if name.startswith(("training", "tests", "benchmarks"))]


@pytest.mark.slow
def test_doctor_advises_only_what_pays() -> None:
    """A gain names its key and what it costs; too small a one is not advised."""
    from hotfolder.commands.doctor import of_gain
    from hotfolder.render.selftest import Gain

    worth = of_gain(Gain("a compiled model", "compile = true", 1.3, 60.4, 900))
    assert worth.says == "1.30 times as fast a step"
    assert worth.advice.startswith("compile = true under [model]")
    assert "60 s, so it pays from 900 steps of one size" in worth.advice
    assert "waits" not in of_gain(Gain("4 at a time", "batch = 4", 1.3, 0.1, 1)).advice
    for small in (Gain("a", "key", 1.05, 60, 9000), Gain("a", "key", says="no compiler")):
        assert "key" not in of_gain(small).advice


def test_shells_complete(studio: Studio) -> None:
    """A shell that asks gets commands, options and the names of profiles, without torch."""

    def asked(line: str) -> set[str]:
        code = "import sys, os; from hotfolder.cli import main; main(); os._exit(9)"
        environment = {
            **os.environ,
            "_ARGCOMPLETE": "1",
            "COMP_LINE": line,
            "COMP_POINT": str(len(line)),
            "_ARGCOMPLETE_STDOUT_FILENAME": str(studio.root / "answer"),
        }
        subprocess.run([sys.executable, "-c", code], env=environment, timeout=200, check=True)
        return {word.strip() for word in (studio.root / "answer").read_text().split("\v")}

    assert "light" in asked("hotfolder li") and "status" in asked("hotfolder sta")
    assert "--lineage" in asked("hotfolder sheet --l")
    assert "postcard" in asked("hotfolder profiles post")
