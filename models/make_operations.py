#!/usr/bin/env python3
"""Writes models/operations/*.txt, the facts about every AWS operation, from botocore's service models.

usage: make_operations.py [--check] MODELS [OLDER...]

MODELS and OLDER are `data` folders of botocore, newest first (`./dev models` fetches the pinned ones). A service, an
operation or a protocol that only an older one has stays known. What the models do not say (event sources, what is a
data event, what is redacted) is read from record_rules.json. --check writes nothing and fails if anything would change.
The format of the files is described in models/README.md.
"""

import argparse
import gzip
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
RULES = json.loads((HERE / "record_rules.json").read_text())
ADDITIONS = json.loads((HERE / "additions.json").read_text())

SCALARS = {"string": "s", "character": "s", "integer": "i", "long": "l", "float": "f", "double": "d", "boolean": "b",
           "blob": "B", "timestamp": "t"}
TIMESTAMPS = {"unixTimestamp": "te", "iso8601": "ti", "rfc822": "th"}
LOCATIONS = {"header": "h", "querystring": "q", "uri": "u", "headers": "p", "statusCode": "c"}

READ_PREFIX = re.compile(r"^(%s)" % "|".join(RULES["readPrefixes"] + ["Is(?=[A-Z])"]))
SECRET_NAME = re.compile(r"(%s)$" % "|".join(RULES["secretNames"]), re.IGNORECASE)


# --- reading botocore ---------------------------------------------------------------------------------------------------

def read_json(folder, stem):
    """The parsed FOLDER/STEM.json or .json.gz, None if there is neither."""
    plain, packed = folder / f"{stem}.json", folder / f"{stem}.json.gz"
    if packed.exists():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads(plain.read_text()) if plain.exists() else None


def read_models(data):
    """service -> its newest model, with `scopes`: signing names that only the endpoint rules know"""
    models = {}
    for folder in sorted(p for p in data.iterdir() if p.is_dir()):
        versions = [v for v in sorted(folder.iterdir()) if list(v.glob("service-2.json*"))]
        if not versions:
            continue
        model = read_json(versions[-1], "service-2")
        rules = json.dumps(read_json(versions[-1], "endpoint-rule-set-1") or {})
        model["scopes"] = set(re.findall(r'"signingName": "([^"{}]+)"', rules)) - {signing_name(model)}
        model["legacy"] = legacy_operations(versions)
        for part in ("operations", "shapes"):  # of other servers, under a service of AWS
            model[part].update(ADDITIONS.get(folder.name, {}).get(part, {}))
        models[folder.name] = model
    return models


def legacy_operations(versions):
    """Of EC2: the operations of the API versions whose calls CloudTrail renders the old way."""
    if versions[0].parent.name != "ec2":
        return set()
    until = RULES["services"]["ec2"]["legacyUntil"]
    return set().union(*(read_json(v, "service-2")["operations"] for v in versions if v.name <= until))


def signing_name(model):
    return model["metadata"].get("signingName", model["metadata"]["endpointPrefix"])


def protocols(model):
    return model["metadata"].get("protocols") or [model["metadata"]["protocol"]]


# --- what a record makes of them ----------------------------------------------------------------------------------------

class Rules:
    """What record_rules.json says about one service."""

    def __init__(self, service):
        self.own = RULES["services"].get(service, {})
        self.redact = {pattern: action for action, patterns in self.own.get("redact", {}).items() for pattern in patterns}
        self.data_types = {name: kind for kind, names in self.own.get("dataEvents", {}).items() for name in names}

    def text(self, key, otherwise=""):
        return self.own.get(key, otherwise)

    def names(self, key, operation):
        return operation in self.own.get(key, ())

    def read_only(self, name, operation):
        if self.names("writes", name):
            return False
        return bool(operation.get("readonly") or self.names("reads", name) or READ_PREFIX.match(name))

    def event_name(self, name, uri):
        dated = self.own.get("datedNames")
        if dated and name not in dated["never"]:
            for date in dated["dates"]:
                if uri.startswith(f"/{date}/"):
                    return name + date.replace("-", "") + ("v2" if name in dated["again"] else "")
        return self.own.get("eventNames", {}).get(name, name)

    def data_type(self, name):
        return self.data_types.get(name) or self.data_types.get("*")

    def secrecy(self, shape, member, shapes, target):
        """'x': hide behind the placeholder, 'X': leave out, '': show"""
        action = self.redact.get(f"{shape}.{member}") or self.redact.get(f"*.{member}")
        if action:
            return {"show": "", "hide": "x", "omit": "X"}[action]
        textual = shapes[target]["type"] in ("string", "blob")
        return "x" if is_sensitive(shapes, target) or textual and SECRET_NAME.search(member) else ""


def is_sensitive(shapes, name, depth=0):
    """Marked itself, or a list or map of what is marked."""
    shape = shapes[name]
    if shape.get("sensitive"):
        return True
    inner = {"list": "member", "map": "value"}.get(shape["type"])
    return bool(inner) and depth < 8 and is_sensitive(shapes, shape[inner]["shape"], depth + 1)


# --- writing one service ------------------------------------------------------------------------------------------------

class Shapes:
    """The structures that the operations of a service need, as lines. `suffix` keeps those of an older model apart."""

    def __init__(self, rules, model, suffix=""):
        self.rules, self.shapes, self.suffix = rules, model["shapes"], suffix
        self.lines = {}

    def structure(self, name):
        """Notes a structure and all that it needs; returns how others name it."""
        label = name + self.suffix
        if label not in self.lines:
            self.lines[label] = []  # it may hold itself
            shape = self.shapes[name]
            needed = set(shape.get("required", ()))
            self.lines[label] = [self.member(name, shape, member, reference, member in needed)
                                 for member, reference in shape.get("members", {}).items()]
        return label

    def member(self, owner, shape, name, reference, needed):
        target = self.shapes[reference["shape"]]
        wire = reference.get("locationName") or target.get("locationName") or name
        where = LOCATIONS.get(reference.get("location"), "")
        words = [name, self.type(reference["shape"], reference.get("flattened"))]
        if where:
            words.append(f"{where}={wire}" if wire != name else where)
        elif wire != name:
            words.append(f"w={wire}")
        if reference.get("queryName"):
            words.append("Q=" + reference["queryName"])
        flags = "".join(letter for letter, given in (
            ("P", name == shape.get("payload")), ("!", needed), ("t", reference.get("idempotencyToken")), ("j", reference.get("jsonvalue")),
            ("a", reference.get("xmlAttribute")), ("H", reference.get("hostLabel")),
            ("S", target.get("streaming") or reference.get("streaming")), ("E", target.get("eventstream"))) if given)
        flags += self.rules.secrecy(owner, name, self.shapes, reference["shape"])
        return " ".join(words + [flags] * bool(flags))

    def type(self, name, flat=False):
        shape = self.shapes[name]
        kind = shape["type"]
        if shape.get("document"):
            return "D"
        if kind in SCALARS:
            return TIMESTAMPS.get(shape.get("timestampFormat"), "t") if kind == "timestamp" else SCALARS[kind]
        if kind == "structure":
            return "$" + self.structure(name)
        star = "*" * bool(flat or shape.get("flattened"))
        if kind == "list":
            return f"{star}[{self.named(shape['member'])}]"
        return f"{star}{{{self.named(shape['key'])}:{self.named(shape['value'])}}}"

    def named(self, reference):
        wire = reference.get("locationName")
        return (f"{wire}=" if wire else "") + self.type(reference["shape"], reference.get("flattened"))


def stream_flags(model, operation):
    flags = ""
    for direction, body, events in (("input", "b", "e"), ("output", "B", "E")):
        shape = model["shapes"].get(operation.get(direction, {}).get("shape"), {})
        members = {name: (m, model["shapes"][m["shape"]]) for name, m in shape.get("members", {}).items()}
        if any(target.get("eventstream") for _, target in members.values()):
            flags += events
        payload = members.get(shape.get("payload"))
        if payload and (payload[0].get("streaming") or payload[1].get("streaming")):
            flags += body
    return flags


def operation_flags(rules, model, name, operation, old):
    unsigned = operation.get("authtype") == "none" or operation.get("auth") == ["smithy.api#noAuth"]
    return "".join(letter for letter, given in (
        ("r", rules.read_only(name, operation)), ("k", rules.names("keepsResponse", name)), ("l", rules.names("learns", name)),
        ("n", unsigned), ("z", operation.get("requestcompression")), ("d", operation.get("deprecated")),
        ("L", name in model["legacy"]), ("o", old)) if given) + stream_flags(model, operation)


def operation_line(rules, model, shapes, name, old):
    operation = model["operations"][name]
    uri = operation["http"]["requestUri"]
    flags = operation_flags(rules, model, name, operation, old)
    answered = "output" in operation and ("r" not in flags or set("kl") & set(flags))
    errors = sorted(set(coded_errors(model)) & {error["shape"] for error in operation.get("errors", ())})
    words = ["op", name, operation["http"]["method"], uri, flags or "-",
             shapes.structure(operation["input"]["shape"]) if "input" in operation else "-",
             shapes.structure(operation["output"]["shape"]) if answered else "-",
             ",".join(errors) or "-"]
    event, kind, host = rules.event_name(name, uri), rules.data_type(name), operation.get("endpoint", {}).get("hostPrefix")
    words += [f"event={event}"] * (event != name) + [f"data={kind}"] * bool(kind) + [f"host={host}"] * bool(host)
    return " ".join(words)


def coded_errors(model):
    """error shape -> its code on the wire, for those that have another one than their name"""
    if "coded" not in model:
        codes = {name: shape.get("error", {}).get("code", name) for name, shape in model["shapes"].items()}
        model["coded"] = {name: code for name, code in codes.items() if code != name}
    return model["coded"]


def demands(model, name):
    """Method, URI, and what else of the head a request for an operation must have: "q:NAME" and "h:NAME"."""
    operation = model["operations"][name]
    shape = model["shapes"].get(operation.get("input", {}).get("shape"), {})
    needed = set()
    for member in shape.get("required", ()):
        reference = shape["members"][member]
        where = LOCATIONS.get(reference.get("location"))
        if where in ("h", "q"):
            needed.add(f"{where}:{reference.get('locationName', member)}")
    return operation["http"]["method"], operation["http"]["requestUri"], needed


def route_lines(model, older):
    """How clients of older models ask for what the newest one has too, where it differs."""
    for name in sorted(model["operations"]):
        known = [demands(model, name)]
        for _, one in older:
            if name not in one["operations"]:
                continue
            method, uri, needed = demands(one, name)
            if not any((method, uri) == (m, u) and n <= needed for m, u, n in known):
                known.append((method, uri, needed))
                yield f"route {name} {method} {uri} {','.join(sorted(needed)) or '-'}"


def error_lines(model):
    named = {error["shape"] for operation in model["operations"].values() for error in operation.get("errors", ())}
    return ((name, f"error {name} {code}") for name, code in coded_errors(model).items() if name in named)


def head_lines(name, rules, model, others, wire):
    """`others`: older models of the same service, whose names stay known."""
    meta = model["metadata"]
    every = [model] + others
    prefixes = {m["metadata"].get("targetPrefix") for m in every} - {None, meta.get("targetPrefix")}
    scopes = set().union(*(m["scopes"] | {signing_name(m)} for m in every)) - {signing_name(model)}
    source = rules.text("eventSource", signing_name(model).lower() + ".amazonaws.com")
    own = {
        "id": meta["serviceId"], "signing": signing_name(model), "scopes": " ".join(sorted(scopes)), "endpoint": meta["endpointPrefix"],
        "target": " ".join(filter(None, [meta.get("targetPrefix"), *sorted(prefixes)])), "version": meta["apiVersion"],
        "protocols": " ".join([wire] if wire else protocols(model)), "json": meta.get("jsonVersion"),
        "querycompatible": "yes" * ("awsQueryCompatible" in meta), "source": source,
        "sources": " ".join(f"{scope}={host}" for scope, host in rules.text("scopeSources", {}).items()), "shown": rules.text("apiVersion"),
        "region": rules.text("region"), "placeholder": rules.text("placeholder", RULES["placeholder"]),
    }
    yield f"service {name}"
    yield from (f"{key} {value}" for key, value in own.items() if value)
    yield from (f"set {member} {name} {element or '-'}" for member, (name, element) in sorted(rules.text("sets", {}).items()))


def service_text(name, model, older=(), wire=None, retired=False):
    """`older`: (suffix, model) of the same service and a protocol that `model` has too. `retired`: the newest models lack it."""
    rules = Rules(name.split("@")[0])
    lines = list(head_lines(name, rules, model, [m for _, m in older], wire))
    operations, errors, shapes = {}, {}, {}
    for suffix, one in [("", model), *older]:
        kept = Shapes(rules, one, suffix)
        for operation in sorted(set(one["operations"]) - set(operations)):
            operations[operation] = operation_line(rules, one, kept, operation, retired or bool(suffix))
        shapes.update(kept.lines)
        for error, line in error_lines(one):
            errors.setdefault(error, line)
    lines += [errors[e] for e in sorted(errors)] + [operations[o] for o in sorted(operations)]
    if any(protocol.startswith("rest-") for protocol in protocols(model)):
        lines += route_lines(model, older)
    for label in sorted(shapes):
        lines += [f"shape {label}", *(" " + member for member in shapes[label])]
    return "\n".join(lines) + "\n"


def all_texts(folders):
    generations = [read_models(folder) for folder in folders]
    for i, generation in enumerate(generations):  # an older EC2 model may be the only one that still has 2014's versions
        for model in generation.values():
            model["legacy"] |= set().union(*(g["ec2"]["legacy"] for g in generations if "ec2" in g)) if model["legacy"] else set()
    known, texts = {}, {}
    for generation in generations:
        for name, model in generation.items():
            known.setdefault(name, []).append(model)
    for name, models in known.items():
        newest, older = models[0], []
        for age, model in enumerate(models[1:], 1):
            dropped = set(protocols(model)) - set(protocols(newest))
            if dropped and dropped == set(protocols(model)):
                wire = protocols(model)[0]
                texts.setdefault(f"{name}@{wire}", service_text(f"{name}@{wire}", model, wire=wire, retired=True))
            else:
                older.append((f"~{age}", model))
        texts[name] = service_text(name, newest, older, retired=name not in generations[0])
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    out = HERE / "operations"
    texts = {f"{name}.txt": text for name, text in all_texts(options.folders).items()}
    present = {path.name: path.read_text() for path in out.glob("*.txt")}
    changed = sorted(n for n in texts.keys() | present.keys() if texts.get(n) != present.get(n))
    if options.check:
        sys.exit(f"not as the models say: {' '.join(changed)}" if changed else 0)
    for name in changed:
        if name in texts:
            (out / name).write_text(texts[name])
        else:
            (out / name).unlink()
    print(f"{len(texts)} files, {len(changed)} changed, {sum(map(len, texts.values()))} characters")


if __name__ == "__main__":
    main()
