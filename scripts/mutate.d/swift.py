"""Makes mutants of guards in Swift. All are built at once, each with a switch that one environment variable turns on."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

SWITCH = """\
import Foundation

/// The mutant that this run turns on.
private let active = ProcessInfo.processInfo.environment["DRIFTWATCH_MUTANT"].flatMap { Int($0) }

func isMutant(_ number: Int) -> Bool { active == number }
"""


@dataclass(frozen=True)
class Guard:
    number: int
    file: str
    start: int
    end: int
    line: int
    what: str
    new: str
    tests: str

    @property
    def unit(self):
        return self.file.rsplit("/", 1)[1]

    @property
    def key(self):
        return f"{self.unit} | {self.what}"

    def switched(self, old):
        if self.new:
            return f"(isMutant({self.number}) ? ({self.new}) : ({old}))"
        return f"if !isMutant({self.number}) {{ {old} }}"


def mutants(root):
    """Every guard of the list, at its place in the sources. One that is not there any more is an error."""
    found, wrong = [], []
    for number, line in enumerate((root / "scripts/mutate.d/swift-guards").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip().replace("\\|\\|", "||") for part in re.split(r" \|(?= )", line)]
        if len(parts) != 4:
            wrong.append(f"line {number}: expected: file | guard | what takes its place | tests")
            continue
        file, guard, new, tests = parts
        text = (root / file).read_text() if (root / file).is_file() else ""
        context = guard.replace("«", "").replace("»", "")
        if text.count(context) != 1:
            wrong.append(f"line {number}: {file} has this {text.count(context)} times: {context}")
            continue
        own = guard[guard.index("«") + 1 : guard.index("»")] if "«" in guard else guard
        start = text.index(context) + max(guard.find("«"), 0)
        what = f"{context} -> {context.replace(own, new)}" if "«" in guard else f"{own} -> {new or 'nothing'}"
        found.append(Guard(
            number, file, start, start + len(own), text.count("\n", 0, start) + 1, what, new, tests))
    if wrong:
        sys.exit("mutate: mutate.d/swift-guards does not fit the sources:\n  " + "\n  ".join(wrong))
    return found


def build(root, guards, copy):
    """Builds the tests in a copy of the sources, with a switch in place of each guard."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True,
        stdout=subprocess.PIPE, text=True).stdout.split("\0")
    files = {}
    for name in filter(None, listed):
        path = root / name
        if path.is_symlink():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).unlink(missing_ok=True)
            (copy / name).symlink_to(path.readlink())
        elif path.is_file():
            files[name] = path.read_bytes()
    resolved = root / "Package.resolved"
    if resolved.is_file():
        files["Package.resolved"] = resolved.read_bytes()
    for file in {guard.file for guard in guards}:
        text = files[file].decode()
        for guard in sorted((g for g in guards if g.file == file), key=lambda g: -g.start):
            text = text[: guard.start] + guard.switched(text[guard.start : guard.end]) + text[guard.end :]
        files[file] = text.encode()
        files["/".join(file.split("/")[:2]) + "/MutantSwitch.swift"] = SWITCH.encode()
    copy.mkdir(parents=True, exist_ok=True)
    for folder in ("Sources", "Tests"):
        for path in (copy / folder).rglob("*") if (copy / folder).is_dir() else []:
            if path.is_file() and not path.is_symlink() and str(path.relative_to(copy)) not in files:
                path.unlink()
    for name, content in files.items():
        path = copy / name
        # What is as before keeps its time, so that little is built again.
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if (root / name).is_file():
                shutil.copymode(root / name, path)
    for name in ("checkouts", "repositories"):
        source, target = root / ".build" / name, copy / ".build" / name
        if source.is_dir() and not target.exists():
            shutil.copytree(source, target, symlinks=True)
    subprocess.run(["swift", "build", "--build-tests"], cwd=copy, check=True)
