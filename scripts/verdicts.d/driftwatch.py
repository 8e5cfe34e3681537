"""Reads what `driftwatch probe SITUATION --json` printed: prints `SITUATION ITEM holds|drift|untold`.

The pack SITUATION-N has the Nth item of the situation in the file ITEMS, and no other. A look that failed has no checks.

    driftwatch.py SITUATION ANSWER ITEMS
"""

import json
import sys

situation, answer, items = sys.argv[1:]
verdicts = {}
with open(answer, encoding="utf-8") as file:
    for check in json.load(file)["checks"]:
        verdicts[check["pack_name"]] = {"compliant": "holds", "drifted": "drift"}.get(check["verdict"], "untold")
with open(items, encoding="utf-8") as file:
    names = [line.split()[1] for line in file if line.split()[0] == situation]
for number, name in enumerate(names, 1):
    print(situation, name, verdicts.get(f"{situation}-{number}", "untold"))
