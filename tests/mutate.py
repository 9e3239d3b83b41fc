"""Removes each guard of the product in turn and expects its test to go red.

tests/guards/, one file an area, names them: the file, the text, the text without the guard, and
the test. Each is tried in a copy of the tree, four at a time; docs/guards.md is the table of what
was seen. The copies are made from one snapshot, taken at the start: edits during a run change
nothing in it. Exit 1 if a test stays green, or if one is red before anything was removed.

    python -m tests.mutate [NAME or beginning of a test's path ...]
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUARDS = ROOT / "tests" / "guards"
PAGE = ROOT / "docs" / "guards.md"
CLUSTER = "CAFE_TEST_CLUSTER"
COPIED = ("kubectl_cafe", "statemachine", "testbed", "tests", "demo", "bench", "examples", "docs")
FILES = ("pyproject.toml", "setup.py", "Makefile", "README.md")
AT_ONCE = 4
"""Most tests wait for a cluster most of the time: two cores carry four of them."""
LONGEST = 600
"""Seconds after which a test counts as hanging, which is not red; so much for each."""
TAIL = 2000
COLUMNS = 5
"""Of the table in docs/guards.md."""

GREEN, RED = 0, 1
"""pytest's exit codes; others are errors in collecting or calling it."""


@dataclass(frozen=True)
class Guard:
    """One guard and one test of it; `old` stands once in `file`, `new` is without the guard.

    A guard that is tested at two levels has two entries.
    """

    name: str
    cases: tuple[str, ...]
    file: str
    old: str
    new: str
    test: str

    @property
    def needs_cluster(self) -> bool:
        """Whether its test speaks to a control plane."""
        return not self.test.startswith("tests/unit/")


@dataclass(frozen=True)
class Result:
    """What became of one guard: an empty `problem` means that its test went red."""

    guard: Guard
    problem: str
    seconds: float


class Wrong(Exception):
    """tests/guards/ doesn't fit the tree."""


def read() -> list[Guard]:
    """The guards of tests/guards/*.toml, file by file. Raises Wrong where one stands twice."""
    files = sorted(GUARDS.glob("*.toml"))
    entries = [
        entry
        for file in files
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["guard"]
    ]
    guards = [Guard(**{**entry, "cases": tuple(entry["cases"])}) for entry in entries]
    names = [f"{guard.name} by {guard.test}" for guard in guards]
    if twice := {name for name in names if names.count(name) > 1}:
        raise Wrong(f"named twice: {', '.join(sorted(twice))}")
    return guards


def fits(guard: Guard, root: Path = ROOT) -> str:
    """Why `guard` can't be removed from the tree at `root`; empty where it can."""
    path = root / guard.file
    if not path.is_file():
        return f"there is no {guard.file}"
    found = path.read_text(encoding="utf-8").count(guard.old)
    if found != 1:
        return f"its text stands {found} times in {guard.file}, once is wanted"
    changed = path.read_text(encoding="utf-8").replace(guard.old, guard.new)
    try:
        compile(changed, guard.file, "exec")
    except SyntaxError as error:
        return f"{guard.file} is not Python without it: {error}"
    return "" if changed != path.read_text(encoding="utf-8") else "nothing would change"


@contextmanager
def copy_of_tree(source: Path) -> Iterator[Path]:
    """A copy of the tree at `source`, without what is built or running in it."""
    with tempfile.TemporaryDirectory(prefix="mutate-") as name:
        root = Path(name)
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".pytest_cache")
        for folder in filter(lambda folder: (source / folder).is_dir(), COPIED):
            shutil.copytree(source / folder, root / folder, ignore=ignored)
        for file in filter(lambda file: (source / file).is_file(), FILES):
            shutil.copy2(source / file, root / file)
        yield root


def environment(root: Path) -> dict[str, str]:
    """The copy comes first on every Python's path, the plugin's that tests start included."""
    return {
        **os.environ,
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run(root: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code and output for `tests` of the tree at `root`."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", *tests]
    command += ["-n", str(min(AT_ONCE, len(tests))) if len(tests) > 1 else "0"]
    try:
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider"],
            cwd=root,
            env=environment(root),
            capture_output=True,
            text=True,
            timeout=LONGEST * len(tests),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end within {LONGEST * len(tests)} s"
    return done.returncode, done.stdout + done.stderr


def foreign_import(root: Path) -> str:
    """Where the product is imported from if not from the copy; empty where all is well."""
    code = "import kubectl_cafe.names as a, statemachine as b; print(a.__file__, b.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
        check=True,
    )
    return "" if done.stdout.count(str(root)) == 2 else done.stdout.strip()


def mutate(guard: Guard, snapshot: Path) -> Result:
    """Remove `guard` from a copy of the snapshot and run its test there."""
    began = time.monotonic()
    with copy_of_tree(snapshot) as root:
        problem = fits(guard, root) or foreign_import(root)
        if not problem:
            path = root / guard.file
            path.write_text(
                path.read_text(encoding="utf-8").replace(guard.old, guard.new), encoding="utf-8"
            )
            code, output = run(root, [guard.test])
            if code == GREEN:
                problem = "its test stays green without it"
            elif code != RED or " error" in output.rsplit("\n", 2)[-2]:
                problem = f"its test did not run (pytest's exit {code}): {output[-TAIL:]}"
    result = Result(guard, problem, time.monotonic() - began)
    print(f"{guard.name}: {problem or 'red'} ({result.seconds:.1f} s)", flush=True)
    return result


def unmutated(guards: Sequence[Guard], snapshot: Path) -> str:
    """Why the named tests, each run once, are not all green before anything is removed."""
    tests = sorted({guard.test for guard in guards})
    with copy_of_tree(snapshot) as root:
        code, output = run(root, tests)
    return "" if code == GREEN else f"not green to begin with:\n{output[-TAIL:]}"


def page(guards: Sequence[Guard], results: Sequence[Result], before: str) -> str:
    """docs/guards.md; a guard that was not tried keeps the row that it has in `before`."""
    seen = {_key(result.guard): "no" if result.problem else "yes" for result in results}
    for line in before.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if len(cells) == COLUMNS:
            seen.setdefault((cells[0], cells[3]), cells[4])
    rows = "\n".join(
        f"| {g.name} | {', '.join(g.cases)} | `{g.file}` | `{g.test}` "
        f"| {seen.get(_key(g), 'not tried yet')} |"
        for g in sorted(guards, key=lambda g: (g.file, g.name, g.test))
    )
    return f"""# Guards

Each line is a place in the code that a case depends on, and the test that protects it.
`make mutate` writes this page: it takes each guard out of a copy of the tree and runs the
test there, which must fail ("red"). The texts are in `tests/guards/`, the cases are described
with the tests that bear their numbers.

| guard | cases | file | test | red without it |
|---|---|---|---|---|
{rows}
"""


def _key(guard: Guard) -> tuple[str, str]:
    return guard.name, guard.test


@contextmanager
def cluster(guards: Sequence[Guard]) -> Iterator[None]:
    """One control plane for all tests that need any, unless the caller named one."""
    if CLUSTER in os.environ or not any(guard.needs_cluster for guard in guards):
        yield
        return
    from testbed.session import shared

    cells = {"CellA": 1, "CellB": 1, "CellC": 1}
    with shared(ROOT / ".testbed" / "runs", f"mutate-{os.getpid()}", cells) as plane:
        os.environ[CLUSTER] = str(plane.directory)
        try:
            yield
        finally:
            del os.environ[CLUSTER]


def main(only: Sequence[str]) -> int:
    """The exit code. `only` are names of guards, or how the paths of their tests begin."""
    every = read()
    guards = [g for g in every if not only or g.name in only or g.test.startswith(tuple(only))]
    for word in only:
        if not any(word == g.name or g.test.startswith(word) for g in guards):
            raise Wrong(f"there is no guard named {word}, and none whose test begins so")
    with copy_of_tree(ROOT) as snapshot:
        if wrong := [f"{g.name}: {problem}" for g in guards if (problem := fits(g, snapshot))]:
            raise Wrong("\n".join(wrong))
        with cluster(guards):
            if problem := unmutated(guards, snapshot):
                raise Wrong(problem)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                results = list(pool.map(partial(mutate, snapshot=snapshot), guards))
    PAGE.write_text(page(every, results, PAGE.read_text(encoding="utf-8")))
    green = [result.guard.name for result in results if result.problem]
    print(f"{len(results) - len(green)} of {len(results)} guards are protected by their test")
    return 1 if green else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Wrong as wrong:
        sys.exit(f"mutate: {wrong}")
