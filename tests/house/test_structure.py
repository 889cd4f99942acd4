"""The structure of the house: includes only go down the table of src/levels.txt, no circles, headers are guarded."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)
THIRD_PARTY = re.compile(
    r"^\s*#\s*include\s+<((?:boost|simdjson|zstd|fmt|openssl|curl|sqlite3|re2|toml|CLI|xxhash|isa-l|pugixml)[^>]*)>", re.M)


def read_levels():
    """folder -> (level, set of folders it may include)"""
    lines = [line.split("#")[0].strip() for line in (SRC / "levels.txt").read_text().splitlines()]
    parsed = {}
    for line in filter(None, lines):
        head, _, allowed = line.partition(":")
        folder, level = head.split()
        parsed[folder] = (int(level), allowed.split())
    rules = {}
    for folder, (level, words) in parsed.items():
        if words[:1] == ["all-below"]:
            top, excepted = int(words[1]), set(words[3:])
            rules[folder] = (level, {f for f, (l, _) in parsed.items() if l <= top and f not in excepted})
        else:
            rules[folder] = (level, set(words))
    return rules


def sources():
    return sorted(p for p in SRC.rglob("*") if p.suffix in (".h", ".cpp"))


def folder_of(path, folders):
    """The longest folder of levels.txt that holds `path`, which is relative to src/."""
    parents = [str(p) for p in pathlib.PurePosixPath(path).parents]
    return next((p for p in parents if p in folders), None)


def includes():
    for path in sources():
        for target in INCLUDE.findall(path.read_text()):
            yield path.relative_to(SRC).as_posix(), target


def test_every_folder_has_a_level():
    rules = read_levels()
    homeless = [str(p) for p in sources() if folder_of(p.relative_to(SRC).as_posix(), rules) is None]
    assert homeless == []


def test_levels_themselves_go_down():
    rules = read_levels()
    up = [f"{folder} may include {other}" for folder, (level, allowed) in rules.items()
          for other in allowed if rules[other][0] >= level]
    assert up == []


def test_includes_go_down():
    rules = read_levels()
    wrong = []
    for source, target in includes():
        here, there = folder_of(source, rules), folder_of(target, rules)
        if not (SRC / target).exists():
            wrong.append(f"{source}: {target} is not in src/")
        elif there != here and there not in rules[here][1]:
            wrong.append(f"{source}: {here} must not include {target}")
    assert wrong == []


def test_no_circles():
    """A room is a header with its source; no room may lead back to itself."""
    arrows = {}
    for source, target in includes():
        here, there = source.rsplit(".", 1)[0], target.rsplit(".", 1)[0]
        if here != there:
            arrows.setdefault(here, set()).add(there)

    done, on_path = set(), []

    def walk(room):
        assert room not in on_path, "circle: " + " -> ".join(on_path[on_path.index(room):] + [room])
        if room in done:
            return
        on_path.append(room)
        for other in sorted(arrows.get(room, ())):
            walk(other)
        on_path.pop()
        done.add(room)

    for room in sorted(arrows):
        walk(room)


def test_headers_name_no_third_party():
    wrong = [f"{p.relative_to(ROOT)}: {m}" for p in sources() if p.suffix == ".h" for m in THIRD_PARTY.findall(p.read_text())]
    assert wrong == []


def test_headers_start_with_pragma_once():
    wrong = [str(p.relative_to(ROOT)) for p in sources() if p.suffix == ".h" and not p.read_text().startswith("#pragma once\n")]
    assert wrong == []


def test_own_header_comes_first():
    wrong = []
    for path in sources():
        header = path.with_suffix(".h")
        if path.suffix == ".cpp" and header.exists():
            first = FIRST_INCLUDE.search(path.read_text())
            if first is None or first.group(1) != header.relative_to(SRC).as_posix():
                wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_files_stay_small():
    big = [f"{p.relative_to(ROOT)} has {n} lines" for p in sources() if (n := len(p.read_text().splitlines())) > 800]
    assert big == []
