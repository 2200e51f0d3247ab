"""Rules that hold for the whole tree and that no single test would notice."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "segtool"
MAX_MODULE_LINES = 350

# Imports the modules it is given, then says which of those came along that the window must never load.
_IMPORT_AND_TELL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({"tensorflow", "keras", "segtool.training"} & set(sys.modules)))
"""


@cache
def _modules(folder: Path) -> tuple[tuple[Path, ast.Module], ...]:
    files = sorted(folder.rglob("*.py"))
    return tuple((path, ast.parse(path.read_text(encoding="utf-8"), filename=str(path))) for path in files)


def _imported(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a module imports, wherever in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of each call in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_only_training_imports_tensorflow() -> None:
    users = {path for path, tree in _modules(PACKAGE) if _imported(tree) & {"tensorflow", "keras"}}
    assert users
    assert all(PACKAGE / "training" in path.parents for path in users)


def test_the_window_never_loads_tensorflow() -> None:
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    names = [name for name in names if not name.startswith("segtool.training") and not name.endswith("__main__")]
    assert {"segtool.app", "segtool.cli", "segtool.gui.main_window", "segtool.inference.runtime"} <= set(names)
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_AND_TELL, *names], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_layers_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


def test_only_the_command_line_prints() -> None:
    allowed = {PACKAGE / "cli.py", PACKAGE / "headless.py"}
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in _modules(PACKAGE)
        if path not in allowed
        for line, name in _calls(tree)
        if name in ("print", "pprint", "pprint.pprint")
    ]
    assert found == []


# What would hand a name to a shell, run what a file holds, or fetch something.
_NEVER_CALLED = re.compile(
    r"(^|\.)(system|popen|getoutput|getstatusoutput|startCommand|startDetached|spawn[lv]p?e?|execv?p?e?)$"
    r"|^(eval|compile|__import__)$"
    r"|(^|\.)(create_connection|create_server|urlopen|urlretrieve)$"
)
_NEVER_IMPORTED = frozenset(
    {
        "pickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
        "yaml",
        "urllib",
        "requests",
        "http",
        "ftplib",
        "smtplib",
        "httpx",
    }
)


def _what_is_unsafe(node: ast.AST) -> str:
    """Return what about a part of a module could run or fetch something, "" if nothing could."""
    if isinstance(node, ast.keyword) and node.arg in ("shell", "allow_pickle"):
        is_off = isinstance(node.value, ast.Constant) and node.value.value is False
        return "" if is_off else node.arg
    if isinstance(node, ast.ImportFrom) and node.module == "PySide6.QtNetwork":
        return node.module
    if not isinstance(node, ast.Call):
        return ""
    name = ast.unparse(node.func)
    if name.endswith("openUrl"):
        # A page that was written here is shown by the browser; no address leads elsewhere.
        return "" if ast.unparse(node.args[0]).startswith("QUrl.fromLocalFile(") else name
    # A dialog has an exec too, and so have loops; the built-in one has no dot before it.
    return name if _NEVER_CALLED.search(name) and not name.endswith(".exec") else ""


def test_nothing_is_run_by_a_shell_or_fetched() -> None:
    files = [*_modules(PACKAGE), (ROOT / "main.py", ast.parse((ROOT / "main.py").read_text(encoding="utf-8")))]
    found = [f"{path.relative_to(ROOT)} {name}" for path, tree in files for name in _imported(tree) & _NEVER_IMPORTED]
    for path, tree in files:
        unsafe = filter(None, map(_what_is_unsafe, ast.walk(tree)))
        found += [f"{path.relative_to(ROOT)} {name}" for name in unsafe]
    assert found == []


def test_no_test_waits_for_time_to_pass() -> None:
    forbidden = re.compile(r"(^|\.)(sleep|qWait|qSleep|msleep|usleep)$|^qtbot\.wait$|^self\.qtbot\.wait$")
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, tree in _modules(ROOT / "tests")
        for line, name in _calls(tree)
        if forbidden.search(name)
    ]
    assert found == []


def test_no_module_grows_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_MODULE_LINES}
    assert too_long == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path, tree in _modules(PACKAGE) if not ast.get_docstring(tree)]
    assert silent == []


@pytest.fixture(scope="module")
def constraints() -> dict[str, str]:
    """Version by canonical name, read from constraints.txt, which may hold nothing but ``name==version``."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pattern = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9][A-Za-z0-9.+!]*)")
    matches = [pattern.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, matches, strict=True) if match is None] == []
    return {canonicalize_name(match[1]): match[2] for match in matches if match}


def test_constraints_pin_every_requirement_within_its_range(constraints: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in map(Requirement, required):
        assert constraints[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_the_qt_release_that_aborts_is_shut_out(constraints: dict[str, str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (qt,) = (r for r in map(Requirement, project["dependencies"]) if r.name == "PySide6-Essentials")
    assert "6.12.0" not in qt.specifier
    assert constraints["pyside6-essentials"] in qt.specifier


def test_the_window_starts_without_the_library_of_the_plots() -> None:
    code = "import sys, segtool.app; sys.exit('pyqtgraph' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
