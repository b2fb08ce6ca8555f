"""The environment: matching torch and torchvision, and one set of packages in three files."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, version

import yaml
from examples import ROOT

# Where conda-forge calls a package by another name.
CONDA = {"pytorch": "torch", "psycopg2": "psycopg2-binary"} | dict.fromkeys(
    ["python", "make", "pip"]
)


def bounds(item):
    """(name, bound) of one requirement."""
    return re.fullmatch(r"([A-Za-z0-9_-]+)(.*)", item).groups()


def requirements():
    """Name -> bound, of everything `make` installs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {name.lower(): bound for part in lists for name, bound in map(bounds, part)}


def constraints():
    """Name -> exact version of the known-good set."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    assert all(len(pin) == 2 for pin in pins)
    return {name.lower().replace("_", "-"): pin for name, pin in pins}


def test_torch_and_torchvision_are_a_matching_pair():
    import torch
    import torchvision.datasets
    from torchvision.ops import nms
    from torchvision.transforms import v2

    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]])
    assert nms(boxes, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 2]
    assert v2.ToDtype(torch.float32, scale=True)(torch.tensor([[[255]]], dtype=torch.uint8)) == 1
    assert torchvision.datasets.FashionMNIST


def test_torch_and_torchvision_are_the_constrained_ones():
    pins = constraints()
    for name in ("torch", "torchvision"):
        assert version(name).split("+")[0] == pins[name]


def test_the_constraints_cover_every_package_and_keep_its_bound():
    from packaging.specifiers import SpecifierSet

    pins = constraints()
    for name, bound in requirements().items():
        assert name in pins, f"{name} is missing from constraints.txt"
        assert pins[name] in SpecifierSet(bound), f"{name} {pins[name]} is outside {bound}"


def test_the_constrained_set_installs_on_the_oldest_python():
    """Debian 12 has Python 3.11.2; a package that asks for 3.11.5 cannot be installed there."""
    from packaging.specifiers import SpecifierSet

    pins = constraints()
    installed = {d.name.lower().replace("_", "-"): d for d in distributions()}
    refused = {
        f"{name}=={pin}": installed[name].metadata.get("Requires-Python", "")
        for name, pin in pins.items()
        if name in installed
        and installed[name].version.split("+")[0] == pin
        and "3.11.0" not in SpecifierSet(installed[name].metadata.get("Requires-Python", ""))
    }
    assert refused == {}


def test_conda_users_get_the_same_set():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    found, pip = {}, []
    for item in listed:
        if isinstance(item, dict):
            pip = item["pip"]
            continue
        name, bound = re.fullmatch(r"([a-z0-9_-]+)(.*)", item).groups()
        name = CONDA.get(name, name)
        if name:
            found[name] = bound.strip()
    *rest, course = pip
    assert course == "-e ."  # the course itself; all it needs is there already
    found |= dict(map(bounds, rest))
    assert found == requirements()


def test_there_is_no_address_in_the_dependency_files():
    for name in ("constraints.txt", "environment.yml"):
        assert "://" not in (ROOT / name).read_text()


def test_importing_the_package_does_not_import_torch():
    code = (
        "import sys, course_utils; assert 'torch' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
