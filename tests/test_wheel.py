"""The package as others install it: a wheel, alone with NumPy in an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import dlcourse

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]

# What the read-me promises of the package with NumPy alone.
PROGRAM = """
import importlib.util
import numpy as np
import dlcourse
from dlcourse import autodiff, check_gradient, grad, nn, optim

missing = [name for name in ("matplotlib", "sklearn", "scipy", "anywidget", "tqdm", "pip") if importlib.util.find_spec(name)]
assert not missing, missing
X = np.random.default_rng(0).normal(size=(20, 3))
mlp = nn.MLP([3, 8, 1], activation="tanh", task="regression")
theta = mlp.init(np.random.default_rng(1))
loss = lambda theta: np.mean((mlp(theta, X)[:, 0] - np.sin(X[:, 0])) ** 2)
assert check_gradient(loss, theta) < 1e-6
bowl = lambda w: np.sum(np.array([1.0, 10.0]) * w**2)
walk = optim.descend(optim.Adam(0.1), bowl, np.array([2.0, 1.0]), 300)
assert walk.values[-1] < 1e-6, walk.values[-1]
assert optim.minimize(bowl, np.array([2.0, 1.0]), method=optim.BFGS()).converged
assert np.allclose(grad(bowl)(np.array([2.0, 1.0])), [4.0, 20.0])
print(dlcourse.__version__, dlcourse.__file__)
"""


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wheel")
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", str(made)]
    subprocess.run([*PIP, "wheel", *offline, str(repository)], check=True)
    (found,) = made.glob("*.whl")
    return found


def test_it_is_named_by_its_version_and_holds_the_browser_code(wheel: Path) -> None:
    assert wheel.name == f"dlcourse-{dlcourse.__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"dlcourse/autodiff/box.py", *(f"dlcourse/live/static/explorables.{end}" for end in ("js", "mjs", "css"))} <= names
    assert not [name for name in names if name.endswith(".pyc") or not name.startswith("dlcourse")]


def test_engine_networks_and_optimisers_run_with_numpy_alone(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(environment)], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    here = Path(np.__file__).parent
    for folder in (here, here.parent / "numpy.libs"):  # the locked NumPy, and the libraries that its wheel brings
        if folder.is_dir():
            (site / folder.name).symlink_to(folder)
    zipfile.ZipFile(wheel).extractall(site)  # what installing a wheel of pure Python is
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-I", "-c", PROGRAM], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    version, place = done.stdout.split()
    assert (version, Path(place).parents[1]) == (dlcourse.__version__, site)
