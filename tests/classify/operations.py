"""Requests for every operation of a botocore data folder, in every protocol that its service lists, as an SDK sends them."""

import datetime
import json
import pathlib
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.serialize
from botocore.utils import percent_encode_sequence

KNOWN = botocore.serialize.SERIALIZERS
DEPTH_MAX = 3


def service_models(data):
    """(name, ServiceModel) of the newest version of every service"""
    loader = botocore.loaders.Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    for name in loader.list_available_services("service-2"):
        yield name, botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)


def protocols(service):
    return service.metadata.get("protocols") or [service.metadata["protocol"]]


def value(shape, full, depth=0):
    """Something that fits a shape: with all members, or only those that are required."""
    kind = shape.type_name
    if kind == "structure":
        wanted = {n: m for n, m in shape.members.items() if n in shape.required_members or (full and depth < DEPTH_MAX)}
        if getattr(shape, "is_tagged_union", False) and not wanted and depth:
            wanted = dict(list(shape.members.items())[:1])
        return {name: value(member, full, depth + 1) for name, member in wanted.items() if depth < 2 * DEPTH_MAX}
    if kind == "list":
        return [value(shape.member, full, depth + 1)] if depth < 2 * DEPTH_MAX else []
    if kind == "map":
        return {scalar(shape.key): value(shape.value, full, depth + 1)} if depth < 2 * DEPTH_MAX else {}
    return scalar(shape)


def scalar(shape):
    kind = shape.type_name
    if kind in ("string", "character"):
        return shape.enum[0] if getattr(shape, "enum", None) else "some-value"
    return {"integer": 7, "long": 7, "float": 1.5, "double": 1.5, "boolean": True, "blob": b"bytes",
            "timestamp": datetime.datetime(2026, 1, 2, 3, 4, 5)}[kind]


def is_stream(operation):
    shape = operation.input_shape
    return bool(shape) and any(m.serialization.get("eventstream") for m in shape.members.values())


def parameters(operation, full):
    if operation.input_shape is None:
        return {}
    given = value(operation.input_shape, full)
    for name, member in operation.input_shape.members.items():
        if member.serialization.get("eventstream"):
            given.pop(name, None)
    return given


def request(service, operation, serializer, full, host):
    """method, target, headers and body as they go over the wire, signed by somebody"""
    made = serializer.serialize_to_request(parameters(operation, full), operation)
    target = made["url_path"] or "/"
    query = made.get("query_string") or {}
    if query:
        text = query if isinstance(query, str) else percent_encode_sequence(query)
        target += ("&" if "?" in target else "?") + text
    headers = [["Host", host]] + [[k, v if isinstance(v, str) else v.decode()] for k, v in made["headers"].items()]
    body = made["body"]
    form = isinstance(body, dict)
    if operation.auth_type != "none":
        scope = f"AKIDEXAMPLE/20260102/us-east-1/{service.signing_name}/aws4_request"
        headers.append(["Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"])
    return {"method": made["method"], "target": target, "headers": headers, "body": urllib.parse.urlencode(body, doseq=True) if form else ""}


def every_request(data, host_of, services=None):
    """(what it is, request) of all, or those of some services; `host_of(service)` names the server."""
    for name, service in service_models(pathlib.Path(data)):
        if services and name not in services:
            continue
        for protocol in protocols(service):
            if protocol not in KNOWN:
                continue
            serializer = botocore.serialize.create_serializer(protocol, include_validation=False)
            for operation_name in service.operation_names:
                operation = service.operation_model(operation_name)
                for full in (False, True):
                    made = request(service, operation, serializer, full, host_of(service))
                    yield {"service": name, "operation": operation_name, "protocol": protocol, "full": full}, made


def lines(requests):
    return "".join(json.dumps(one) + "\n" for one in requests)
