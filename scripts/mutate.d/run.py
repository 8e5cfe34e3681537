"""Runs tests against mutants: several at a time, each with a PostgreSQL of its own, and each until the first failure."""

import collections
import fcntl
import itertools
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

FAILURE = re.compile(r"(?:✘|\[FAIL\]) (Test|Suite) (\w+)\S* ?.*?(?:recorded an issue|failed)")
# What only a mutant that is not a valid statement causes. PL/pgSQL finds these when it runs.
INVALID = re.compile(
    r"syntax error at|column \S+ does not exist|missing FROM-clause|is ambiguous|could not determine data type|"
    r"there is no unique or exclusion constraint matching|INTO used with|has no destination for result data")
LONGEST_RUN = 300


def read_excused(root, mutants, complete):
    """The mutants that no test can notice, with the reasons. One that is not there any more is an error."""
    excused = {}
    for number, line in enumerate((root / "scripts/mutate.d/excused").read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) < 3 or not parts[-1]:
            sys.exit(f"mutate: excused:{number}: expected: name | what | reason")
        excused[" | ".join(parts[:-1])] = parts[-1]
    unknown = set(excused) - {mutant.key for mutant in mutants}
    if unknown and complete:
        sys.exit("mutate: mutate.d/excused names what is not there:\n  " + "\n  ".join(sorted(unknown)))
    return excused


def read_suites(root):
    suites = []
    for line in (root / "scripts/mutate.d/suites").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, tests = line.split(None, 1)
            suites.append((re.compile(pattern), tests.strip()))
    return suites


class Server:
    """A PostgreSQL for one mutant at a time."""

    def __init__(self, root, parent):
        self.script, self.root = root / "scripts/private-postgres", root
        for number in itertools.count():
            self.folder = parent / f"postgres{number}"
            self.folder.mkdir(exist_ok=True)
            self.own = open(self.folder / "in-use", "w")
            try:
                fcntl.flock(self.own, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                self.own.close()
        self.uri = subprocess.run(
            [self.script, "start", "--fast", self.folder], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], check=False)
        self.own.close()

    def psql(self, text):
        return subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={self.uri}"], input=text, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Outcome:
    def __init__(self, word, detail=""):
        self.word, self.detail = word, detail


class Campaign:
    def __init__(self, root, jobs, excused, switched):
        """`switched` is the copy of the sources in which the guards of Swift have switches, or None."""
        self.root, self.jobs, self.excused, self.switched = root, jobs, excused, switched
        self.folder = root / ".test/mutate"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.suites = read_suites(root)
        self.programs = self.folder / "programs"
        self.results_path = self.folder / "results.json"
        # The test that noticed a mutant is tried first the next time, and so are those that noticed its neighbours.
        self.results = self.recorded()
        self.lock = threading.Lock()
        self.children = set()
        self.stopping = False

    def run(self, mutants, again):
        if again:
            mutants = [m for m in mutants if self.results.get(m.key, {}).get("word") != "killed"]
        # Copies, so that a build in the meantime does not matter. Another run may be using the ones that they replace.
        self.programs.mkdir(exist_ok=True)
        for name in ("driftwatch", "driftwatchPackageTests.xctest"):
            copy = self.programs / f"{name}.{os.getpid()}"
            shutil.copy2(self.root / ".build/debug" / name, copy)
            copy.replace(self.programs / name)
        waiting = queue.Queue()
        for mutant in mutants:
            waiting.put(mutant)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stop())
        counts = collections.Counter()
        threads = [threading.Thread(target=self.work, args=(waiting, counts)) for _ in range(self.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(", ".join(f"{counts[word]} {word}" for word in ("killed", "survived", "invalid", "excused")), flush=True)
        if self.stopping:
            return 130
        # A thread that an error has ended leaves mutants that nobody ran.
        if sum(counts.values()) < len(mutants):
            return 2
        return 1 if counts["survived"] else 0

    def recorded(self):
        return json.loads(self.results_path.read_text()) if self.results_path.exists() else {}

    def record(self, mutant, outcome):
        """Keeps what other runs have recorded meanwhile."""
        with open(self.folder / "results.lock", "w") as own:
            fcntl.flock(own, fcntl.LOCK_EX)
            self.results = self.recorded() | {mutant.key: {"word": outcome.word, "detail": outcome.detail}}
            self.results_path.write_text(json.dumps(self.results, indent=1, ensure_ascii=False))

    def stop(self):
        self.stopping = True
        for child in list(self.children):
            kill(child)

    def work(self, waiting, counts):
        server = Server(self.root, self.folder)
        try:
            self.prepare(server)
            while not self.stopping:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                outcome = self.outcome(mutant, server)
                if self.stopping:
                    return
                with self.lock:
                    counts[outcome.word] += 1
                    self.record(mutant, outcome)
                    print(f"{outcome.word:8} {mutant.file}:{mutant.line}: {mutant.key}"
                          + (f"  [{outcome.detail}]" if outcome.detail else ""), flush=True)
        finally:
            server.stop()

    def prepare(self, server):
        environment = dict(os.environ, DRIFTWATCH_DATABASE_URL=server.uri)
        subprocess.run(
            [self.programs / "driftwatch", "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)

    def outcome(self, mutant, server):
        if mutant.key in self.excused:
            return Outcome("excused", self.excused[mutant.key])
        environment = dict(os.environ, DRIFTWATCH_TEST_DATABASE_URL=server.uri)
        environment.setdefault("SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH", "6")
        if not hasattr(mutant, "statement"):
            environment["DRIFTWATCH_MUTANT"] = str(mutant.number)
            return self.test(mutant, environment)
        file = server.folder / "mutant.sql"
        text = "set search_path = driftwatch, pg_temp;\n" + mutant.statement
        answer = server.psql(f"begin;\n{text}\nrollback;")
        if answer.returncode != 0:
            return Outcome("invalid", answer.stdout.strip().splitlines()[0])
        file.write_text(text)
        environment["DRIFTWATCH_TEST_MUTANT"] = str(file)
        return self.test(mutant, environment)

    def test(self, mutant, environment):
        """Killed only by a test that fails again on its own: others may have failed for lack of time."""
        likely = self.likely(mutant)
        if likely:
            failed = self.first_failure(f"[./]({'|'.join(likely)})(\\(|/|$)", environment)
            if failed:
                return failed
        doubtful = []
        for _ in range(3):
            failed = self.first_failure(self.tests_for(mutant), environment)
            if failed is None:
                return Outcome("survived", f"unsteady: {', '.join(doubtful)}" if doubtful else "")
            if failed.word != "killed" or self.stopping or failed.detail == "no end":
                return failed
            confirmed = self.first_failure(f"[./]{failed.detail}(\\(|/|$)", environment)
            if confirmed:
                return confirmed
            doubtful.append(failed.detail)
        return Outcome("survived", f"unsteady: {', '.join(doubtful)}")

    def likely(self, mutant):
        own = self.results.get(mutant.key, {})
        if own.get("word") == "killed" and re.fullmatch(r"\w+", own["detail"]):
            return [own["detail"]]
        prefix = mutant.unit + " | "
        others = collections.Counter(
            r["detail"] for key, r in self.results.items()
            if key.startswith(prefix) and r["word"] == "killed" and re.fullmatch(r"\w+", r["detail"]))
        return [name for name, _ in others.most_common(6)]

    def tests_for(self, mutant):
        if hasattr(mutant, "tests"):
            return mutant.tests
        for pattern, tests in self.suites:
            if pattern.search(f"{mutant.file}:{mutant.unit}"):
                return tests
        sys.exit(f"mutate: no line of mutate.d/suites matches {mutant.file}:{mutant.unit}")

    def first_failure(self, tests, environment):
        """None if all pass. Ends the run at the first failure."""
        if self.stopping:
            return None
        folder, programs = self.root, self.programs
        if "DRIFTWATCH_MUTANT" in environment:
            folder, programs = self.switched, self.switched / ".build/debug"
        child = subprocess.Popen(
            [programs / "driftwatchPackageTests.xctest", "--testing-library", "swift-testing", "--filter", tests],
            cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            start_new_session=True)
        self.children.add(child)
        late = threading.Timer(LONGEST_RUN, lambda: (setattr(child, "late", True), kill(child)))
        late.start()
        failed, ran = None, False
        try:
            for line in child.stdout:
                line = re.sub(r"\x1b\[[0-9;]*m", "", line)
                ran = ran or re.search(r"Test run with [1-9]\d* tests?", line)
                match = FAILURE.search(line)
                if match:
                    invalid = INVALID.search(line)
                    failed = Outcome("invalid", invalid.group()) if invalid else Outcome("killed", match.group(2))
                    break
        finally:
            late.cancel()
            kill(child)
            child.stdout.close()
            child.wait()
            self.children.discard(child)
        if failed:
            return failed
        if getattr(child, "late", False):
            return Outcome("killed", "no end")
        if not ran and not self.stopping:
            return Outcome("killed", "crash")
        return None


def kill(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
