"""Makes mutants of SQL functions and views: each is the same statement without one of its guards."""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<space>\s+)
      | (?P<string>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|[eE]?'(?:[^']|'')*')
      | (?P<word>"[^"]*"|[A-Za-z_][\w]*|\#\w+)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<operator>::|:=|<=|>=|<>|!=|->>|->|\#>>|@>|<@|\|\||=>|\.\.|[-+*/<>=~^%@?&|!\#:.])
      | (?P<mark>[()\[\],;])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int

    @property
    def is_group(self):
        return False


@dataclass(frozen=True)
class Group:
    """What stands between brackets, or between `case` and `end`; `nodes` includes neither the brackets nor the words."""

    kind: str
    nodes: list
    start: int
    end: int
    text: str = ""

    @property
    def is_group(self):
        return True


@dataclass(frozen=True)
class Mutant:
    unit: str
    file: str
    line: int
    what: str
    statement: str = field(repr=False)

    @property
    def key(self):
        return f"{self.unit} | {self.what}"


def tokens(text, start, end):
    position = start
    while position < end:
        match = TOKEN.match(text, position, end)
        if not match:
            raise ValueError(f"what is this? {text[position:position + 40]!r}")
        if match.lastgroup not in ("comment", "space"):
            word = match.group() if match.group("string") else match.group().lower()
            yield Token(word, match.start(), match.end())
        position = match.end()


def tree(flat):
    """Nests brackets and `case … end`. An `end` that ends no case belongs to PL/pgSQL and stays."""
    stack = [("", 0, [])]
    closing = {")": "(", "]": "["}
    for index, token in enumerate(flat):
        if token.text in ("(", "[") or (token.text == "case" and not flat[index - 1].text == "end"):
            stack.append((token.text, token.start, []))
        elif token.text in closing or (token.text == "end" and stack[-1][0] == "case"):
            kind, start, nodes = stack.pop()
            if kind != closing.get(token.text, "case"):
                raise ValueError(f"{kind} is closed by {token.text}")
            stack[-1][2].append(Group(kind, nodes, start, token.end))
        else:
            stack[-1][2].append(token)
    if len(stack) != 1:
        raise ValueError(f"{stack[-1][0]} is not closed")
    return stack[0][2]


# What ends an expression at its own level.
DELIMITERS = set(
    """where on having if elsif when then else select from group order limit for returning union join inner cross full
    right set values into using loop do begin declare return perform exit as with while end by offset window distinct
    query in_loop all_rows next execute get raise foreach conflict""".split()
)
CONDITIONS = {"where", "on", "having", "if", "elsif", "when", "while"}
TIME_WORDS = re.compile(r"_at$|^(now|clock|statement_clock|interval|since|until|ahead|far|wait|spread|age|start|starts|ends|slot|due)$|_until$|_since$|_slot$")


def segments(nodes, kind):
    """The expressions of one level, each with the word in front of it."""
    opener, current, in_target = None, [], False
    for index, node in enumerate(nodes):
        text = "" if node.is_group else node.text
        before = nodes[index - 1].text if index and not nodes[index - 1].is_group else ""
        after = nodes[index + 1] if index + 1 < len(nodes) else None
        ends = text in DELIMITERS or text in (",", ";", ":=")
        if text == "distinct" and before in ("is", "not"):
            ends = False
        elif text == "from" and before == "distinct" and index > 1 and nodes[index - 2].text in ("is", "not"):
            ends = False
        elif text == "left" and after is not None and not after.is_group:
            ends = True
        elif text == "all" and before == "union":
            ends = True
        elif text in ("right", "left") and after is not None and after.is_group:
            ends = False
        if not ends:
            current.append(node)
            continue
        yield opener, current
        if text == "conflict":
            in_target = True
        elif text == "do":
            in_target = False
        opener, current = text, []
        # What names an index, and the values of a simple case, are no conditions.
        if text in ("where", "on") and in_target:
            opener = "target"
        if text == "when" and kind == "case" and not (not nodes[0].is_group and nodes[0].text == "when"):
            opener = "value"
    yield opener, current


def split(nodes, word):
    parts, between = [[]], False
    for node in nodes:
        text = "" if node.is_group else node.text
        if text == "between":
            between = True
        if text == word and not (word == "and" and between):
            parts.append([])
            continue
        if text == "and" and between:
            between = False
        parts[-1].append(node)
    return parts


class Mutator:
    """Collects edits of one statement: pairs of places, and what to write there."""

    def __init__(self, text):
        self.text = text
        self.edits = []

    def add(self, start, end, new, what=None):
        old = " ".join(self.text[start:end].split())
        if old.lower() in ("true", "false") or (start, end, new) in [e[:3] for e in self.edits]:
            return
        old = re.sub(r"\s*--.*?$", "", old) if "\n" not in self.text[start:end] else " ".join(
            re.sub(r"--[^\n]*", "", self.text[start:end]).split())
        self.edits.append((start, end, new, what or f"{old} -> {new or 'nothing'}"))

    def walk(self, nodes, kind=""):
        for opener, segment in segments(nodes, kind):
            if opener == "target":
                continue
            self.condition(opener, segment, kind)
            self.comparisons(segment)
            for node in segment:
                if node.is_group:
                    self.walk(node.nodes, node.kind)
        self.locks(nodes)

    def condition(self, opener, segment, kind):
        # What `exception when` names is no condition.
        if not segment or (opener == "when" and not segment[0].is_group and segment[0].text == "others"):
            return
        start, end = segment[0].start, segment[-1].end
        ors = split(segment, "or")
        ands = [split(part, "and") for part in ors]
        is_condition = opener in CONDITIONS
        if opener in ("if", "elsif", "when", "while"):
            self.add(start, end, "false")
        # Without a branch of `case`, its rows take the next one; that shows more than a branch that takes all.
        if is_condition and not (opener == "when" and kind == "case") and len(ors) == 1 and len(ands[0]) == 1:
            self.add(start, end, "true")
        if len(ors) > 1:
            for part in ors:
                self.add(part[0].start, part[-1].end, "false")
        for parts in ands:
            if len(parts) > 1:
                for part in parts:
                    self.add(part[0].start, part[-1].end, "true")

    def comparisons(self, segment):
        for part in (p for o in split(segment, "or") for p in split(o, "and")):
            words = [t.text for node in part for t in flat(node)]
            if any(TIME_WORDS.search(word) for word in words):
                continue
            for index, node in enumerate(part):
                if 0 < index < len(part) - 1 and not node.is_group and node.text in ("<", "<=", ">", ">="):
                    new = node.text[0] + ("" if node.text.endswith("=") else "=")
                    before = " ".join(self.text[part[0].start : part[-1].end].split())
                    self.add(node.start, node.end, new, f"{before}: {node.text} -> {new}")

    def locks(self, nodes):
        words = ["" if node.is_group else node.text for node in nodes]
        for index, word in enumerate(words):
            rest = words[index:]
            if word == "for" and (rest[1:2] in (["update"], ["share"]) or rest[1:4] == ["no", "key", "update"]):
                last = index + (3 if rest[1] == "no" else 1)
                if words[last + 1 : last + 2] == ["of"]:
                    last += 2
                skip = words[last + 1 : last + 3] == ["skip", "locked"]
                end = nodes[last + 2 if skip else last].end
                near = self.near(nodes, index)
                self.add(nodes[index].start, end, "", f"{' '.join(self.text[nodes[index].start:end].split())} {near} -> nothing")
                if skip:
                    self.add(nodes[last + 1].start, end, "", f"skip locked {near} -> nothing")
                if rest[1] == "no":
                    self.add(nodes[index + 1].start, nodes[index + 2].end, "", f"no key {near} -> nothing")
            elif word == "on" and rest[1:2] == ["conflict"] and "do" in rest:
                at = index + rest.index("do")
                if words[at + 1] == "nothing":
                    self.add(nodes[index].start, nodes[at + 1].end, "")
            elif (word == "lock" and rest[1:2] == ["table"]) or (word == "perform" and rest[1:2] and "advisory" in rest[1]):
                at = index + rest.index(";")
                self.add(nodes[index].start, nodes[at].end, "")

    def near(self, nodes, index):
        """Names a lock by the table that its statement reads."""
        for at in range(index, -1, -1):
            if not nodes[at].is_group and nodes[at].text == "from" and not nodes[at + 1].is_group:
                return f"({nodes[at + 1].text})"
        return ""


def flat(node):
    if not node.is_group:
        return [node]
    return [t for inner in node.nodes for t in flat(inner)]


def statements(text):
    """Each `create or replace function|view`, as name, start, end, and where its code stands."""
    found = list(tokens(text, 0, len(text)))
    start, depth = 0, 0
    for index, token in enumerate(found):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
        if token.text != ";" or depth:
            continue
        own, start = found[start : index], index + 1
        words = [t.text for t in own[:4]]
        if words[:3] != ["create", "or", "replace"] or words[3] not in ("function", "view"):
            continue
        name = own[4].text
        if words[3] == "view":
            code = next(t.end for t in own if t.text == "as")
            yield name, own[0].start, token.end, code, token.start
        else:
            at = max(i for i, t in enumerate(own) if t.text == "as")
            string = own[at + 1]
            quote = 1 if string.text.startswith("'") else string.text.index("$", 1) + 1
            yield name, own[0].start, token.end, string.start + quote, string.end - quote


def mutants(root, path):
    """Every mutant of the functions and views in one file."""
    text = (root / path).read_text(encoding="utf-8")
    seen = {}
    for name, start, end, code_start, code_end in statements(text):
        mutator = Mutator(text)
        mutator.walk(tree(list(tokens(text, code_start, code_end))))
        for edit_start, edit_end, new, what in sorted(mutator.edits):
            key = (name, what)
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > 1:
                what = f"{what} #{seen[key]}"
            yield Mutant(
                unit=name, file=path, line=text.count("\n", 0, edit_start) + 1, what=what,
                statement=text[start:edit_start] + new + text[edit_end:end])
