"""What scripts/bench-fleet has pyinfra look at: the facts that answer the pack's questions, compared with `wanted`.

Writes one line for each mismatch into $FLEET_OUTPUT/SERVER.
"""

import os

from pyinfra import host
from pyinfra.facts.deb import DebPackages
from pyinfra.facts.files import File, Sha256File
from pyinfra.facts.server import Command

modes, hashes, packages, values = {}, {}, [], []
with open(os.environ["FLEET_WANTED"], encoding="utf-8") as wanted:
    for line in wanted.read().splitlines():
        words = line.split()
        if words[0] == "mode":
            modes[words[2]] = int(words[1])
        elif words[0] == "ii":
            packages.append(words[1])
        elif len(words) == 2:
            hashes[words[1]] = words[0]
        else:
            values.append(line)

found = []
for path, mode in modes.items():
    file = host.get_fact(File, path=path)
    if not file:
        found.append(f"missing_file ~/{path}")
        continue
    if file["mode"] != mode:
        found.append(f"wrong_permissions ~/{path}")
    if host.get_fact(Sha256File, path=path) != hashes[path]:
        found.append(f"wrong_content ~/{path}")
installed = host.get_fact(DebPackages)
found += [f"missing_package {name}" for name in packages if name not in installed]
names = ["FLEET_TIER", "FLEET_REGION", "FLEET_OWNER"]
environment = host.get_fact(Command, "bash -l -c printenv").splitlines()
found += [f"wrong_setting {name}" for name, value in zip(names, values) if f"{name}={value}" not in environment]

with open(os.path.join(os.environ["FLEET_OUTPUT"], host.name), "w", encoding="utf-8") as output:
    output.writelines(f"{host.name} {line}\n" for line in found)
