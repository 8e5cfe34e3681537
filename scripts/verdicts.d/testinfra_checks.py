"""What scripts/bench-verdicts asks of testinfra.

Reads lines `SITUATION ITEM KIND PATH WANTED`, and prints `SITUATION ITEM holds|drift|untold`. Every exception means that
it could not tell, testinfra's own assertions about exit statuses included.
"""

import signal
import sys

import testinfra
from packaging.version import Version


def late(*_):
    raise TimeoutError


def is_so(host, kind, path, wanted):
    file = host.file(path)
    if kind == "content":
        with open(wanted, encoding="utf-8") as source:
            return file.is_file and file.content_string == source.read()
    if kind == "lacks":
        return not file.contains(wanted)
    if kind == "mode":
        return file.mode == int(wanted, 8)
    if kind == "exists":
        return file.exists
    if kind == "absent":
        return not file.exists
    return Version(host.package(path).version) >= Version(wanted)


signal.signal(signal.SIGALRM, late)
config = sys.argv[1]
for line in sys.stdin:
    situation, item, kind, path, wanted = line.rstrip("\n").split("\t")
    signal.alarm(60)
    try:
        become = "?sudo=true" if situation == "sudo-refused" else ""
        host = testinfra.get_host(f"ssh://{situation}{become}", ssh_config=config, controlpersist=0)
        answer = "holds" if is_so(host, kind, path, wanted) else "drift"
    except Exception:
        answer = "untold"
    signal.alarm(0)
    print(situation, item, answer, flush=True)
