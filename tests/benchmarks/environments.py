"""Virtual environments for peers that cannot share the project's, made once and kept."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment, or the one that this program runs in.

    Attributes:
        python: Its interpreter.
        versions: Versions of the packages that matter, by name.
    """

    python: str
    versions: dict[str, str]

    def program(self, name: str) -> str:
        """The path of a command that is installed in it."""
        return str(Path(self.python).with_name(name))


def own_environment() -> Environment:
    """The environment of this program, in which dlt's peers run too."""
    return Environment(
        sys.executable, {name: version(name) for name in ("dlt", "duckdb", "pyarrow", "orjson")}
    )


def make_environment(cache: Path, package: str, *more: str) -> Environment:
    """The environment with `requirements-PACKAGE.txt`, made if it is not there, or has others.

    Args:
        cache: The folder for such environments.
        package: The package that the file is named after.
        more: Further packages whose versions matter, which it brings along.

    Raises:
        subprocess.CalledProcessError: pip could not install it; its own message stands on
            standard error.
    """
    file = Path(__file__).with_name(f"requirements-{package}.txt")
    folder = cache / package
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists() or done.read_bytes() != file.read_bytes():
        print(f"Installing {package} into {folder} ...", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", file], check=True, stdout=2)
        done.write_bytes(file.read_bytes())
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], check=True, capture_output=True
    )
    found = {entry["name"].lower(): entry["version"] for entry in json.loads(listed.stdout)}
    return Environment(str(python), {name: found[name] for name in (package, *more)})
