"""The records that a benchmark reads: streamed, never held; and the values that are looked up in them."""

import gzip
import itertools
import json
import pathlib
import random
import re
import subprocess

KEYS = {"EventId": 3, "EventName": 4, "EventSource": 5, "Username": 6, "AccessKeyId": 7, "ResourceName": 9}  # place in a row of bench_rows
BATCH = 1_000


def batches(path, first, events):
    """Request bodies of BATCH records; the last may have fewer."""
    with open(path, "rb") as lines:
        chosen = itertools.islice(lines, first, first + events)
        while batch := list(itertools.islice(chosen, BATCH)):
            yield b"".join(batch)


def size(path, events):
    """Records, at most `events`, and their bytes."""
    count = total = 0
    with open(path, "rb") as lines:
        for line in itertools.islice(lines, events):
            count += 1
            total += len(line)
    return count, total


def write_rows(program, data, events, out):
    with open(out, "wb") as file:
        subprocess.run([program, data, str(events)], stdout=file, check=True)


def value_of(row, key):
    value = row[KEYS[key]]
    return value[0][1] if key == "ResourceName" and value else value or ""


def is_own_call(row):
    """cairn records the lookups themselves as events: their values would not stay what they were."""
    return row[KEYS["EventSource"]] == "cloudtrail.amazonaws.com"


def draw_probes(rows_path, events, count):
    """{key: [(account, Region, value), ...]}: `count` each, drawn from all rows, so frequent values come often."""
    draw = random.Random(1)
    share = min(1.0, 40 * count / events)
    found = {key: [] for key in KEYS}
    with open(rows_path) as rows:
        for line in rows:
            if draw.random() >= share:
                continue
            row = json.loads(line)
            if not re.fullmatch(r"\d{12}", row[1]) or not re.fullmatch(r"[a-z0-9-]+", row[2]) or is_own_call(row):
                continue
            for key, values in found.items():
                if value := value_of(row, key):
                    values.append((row[1], row[2], value))
    return {key: draw.sample(values, min(count, len(values))) for key, values in found.items()}


def unpack_real(path, out):
    opened = gzip.open(path, "rb") if str(path).endswith(".gz") else open(path, "rb")
    with opened as source:
        pathlib.Path(out).write_bytes(source.read())


HEXADECIMAL = re.compile(rb"[0-9a-f]{8,}|[0-9A-F]{12,}|(?<=[0-9a-f]{8}-)[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}(?=-)")
ADDRESS = re.compile(rb'(?<=")\d{1,3}(?:\.\d{1,3}){3}(?=")')


def write_high_entropy(path, events, out):
    """Every run of hexadecimal digits drawn anew in every record, with the ids in it, and every address out of 6,000."""
    draw = random.Random(1)
    addresses = [b"%d.%d.%d.%d" % tuple(draw.randrange(1, 255) for _ in range(4)) for _ in range(6_000)]
    digits = {False: bytes.maketrans(bytes(range(256)), b"0123456789abcdef" * 16), True: bytes.maketrans(bytes(range(256)), b"0123456789ABCDEF" * 16)}

    def other(match):
        text = match[0]
        if text.isdigit():  # an account id
            return text
        fresh = bytearray(draw.randbytes(len(text)).translate(digits[text.isupper()]))
        for at, character in enumerate(text):
            if character == ord("-"):
                fresh[at] = character
        return bytes(fresh)

    with open(path, "rb") as lines, open(out, "wb") as file:
        for line in itertools.islice(lines, events):
            file.write(ADDRESS.sub(lambda _: draw.choice(addresses), HEXADECIMAL.sub(other, line)))
