"""The wheel, installed in a clean environment: the commands run, and the window opens on the sample that it carries."""

from __future__ import annotations

import os
import site
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from segstudio import __version__

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without isolation."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel in it; what the wheel needs comes from this one."""
    home = tmp_path_factory.mktemp("clean") / "environment"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = sysconfig.get_path("scripts", "venv", {"base": str(home)})
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home)}))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A .pth file is read after the folder it lies in: segstudio itself comes from the wheel.
    (packages / "needs.pth").write_text("\n".join(site.getsitepackages()) + "\n", encoding="utf-8")
    return Path(scripts) / ("python.exe" if os.name == "nt" else "python")


def run(python: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    command = [str(python), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_the_wheel_claims_two_names_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        top = {name.split("/")[0] for name in names}
        size = sum(entry.file_size for entry in archive.infolist())
    assert top == {"segstudio", "segstudio_training", f"segstudio-{__version__}.dist-info"}
    assert any(name.startswith("segstudio/resources/sample/JPEGImages/") for name in names)
    assert any(name.startswith("segstudio/resources/icons/") for name in names)
    assert f"segstudio-{__version__}.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if "__pycache__" in name or ".segstudio" in name or name.endswith(".state")]
    assert size < 12_000_000


def test_it_is_the_wheel_that_runs(python: Path, tmp_path: Path) -> None:
    code = """
import importlib.util, pathlib, sys, segstudio, segstudio_training
home = pathlib.Path(sys.prefix)
for module in (segstudio, segstudio_training):
    assert pathlib.Path(module.__file__).is_relative_to(home), module.__file__
for name in ("training", "resources"):
    found = importlib.util.find_spec(name)
    assert found is None or not str(found.origin or list(found.submodule_search_locations)).startswith(str(home)), name
from segstudio.core.resources import resource_root
assert resource_root().is_relative_to(home) and (resource_root() / "sample" / "JPEGImages").is_dir()
"""
    ended = run(python, tmp_path, "-c", code)
    assert ended.returncode == 0, ended.stderr


def test_its_commands_run(python: Path, tmp_path: Path) -> None:
    entry = "import sys; from segstudio.cli import main; sys.exit(main())"
    ended = run(python, tmp_path, "-c", entry, "--version")
    assert (ended.returncode, ended.stdout.strip()) == (0, f"segstudio {__version__}"), ended.stderr
    ended = run(python, tmp_path, "-m", "segstudio", "check", "nowhere")
    assert ended.returncode == 1 and len(ended.stderr.strip().splitlines()) == 1
    ended = run(python, tmp_path, "-m", "segstudio_training", "--help")
    assert ended.returncode == 0 and "evaluate" in ended.stdout
    code = "from importlib.metadata import entry_points as e; print([p.value for p in e(name='segstudio')])"
    assert "segstudio.cli:main" in run(python, tmp_path, "-c", code).stdout


def test_the_window_opens_on_the_sample(python: Path, tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from segstudio.application import make_application, make_window, private_sample
from segstudio.core.resources import resource_root
from segstudio.services.settings import Settings

app = make_application()
window = make_window(Settings(Path("settings.ini").resolve()))
window.session.image_opened.connect(lambda opened: (print("open:", opened.name), QTimer.singleShot(0, window.close)))
window.show()
if (resource_root() / "starter.safetensors").is_file():
    folder = private_sample(Path("private").resolve())
else:
    import shutil
    folder = shutil.copytree(resource_root() / "sample", Path("private", "sample").resolve())
window.open_folder(folder)
QTimer.singleShot(120_000, lambda: sys.exit("nothing opened"))
app.exec()
print("closed")
"""
    ended = run(python, tmp_path, "-c", code)
    assert ended.returncode == 0, ended.stderr
    assert "open:" in ended.stdout and "closed" in ended.stdout
    assert "Traceback" not in ended.stderr
