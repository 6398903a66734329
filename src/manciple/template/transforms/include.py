"""AWS::Include: a snippet from an S3 object, put where the transform stands.

The first sentence below is recorded, the others are quoted from public issues (aws-cloudformation-user-guide pull
request 232, realworld-serverless-application issue 58); NO_OBJECT is ours.
"""

import re

from manciple.errors import TemplateError
from manciple.template.document import TRANSFORM
from manciple.template.evaluation import Need, Needs
from manciple.template.literals import settled
from manciple.template.load import parse
from manciple.template.transforms.transform import Call, Transform
from manciple.template.values import Value

NO_BUCKET = "S3 bucket [{}] does not exist."
NO_OBJECT = "S3 object [{}] does not exist in bucket [{}]."
NOT_AN_ADDRESS = "The location parameter is not a valid S3 uri."
NOT_READABLE = "The specified S3 object's content should be valid Yaml/JSON."
ADDRESS = re.compile(r"s3://([^/]+)/(.+)")


def _apply(call: Call) -> Value | Needs:
    location = call.arguments.get("Location")
    address = ADDRESS.fullmatch(location) if isinstance(location, str) else None
    if address is None:
        raise TemplateError(NOT_AN_ADDRESS)
    object_need = Need("include", address[0])
    if object_need not in call.facts.known:
        return Needs(frozenset({object_need}))
    text = call.facts.known[object_need]
    if not isinstance(text, str):
        return _absent(call, address[1], address[2])
    return _merged(call.fragment, _snippet(text, call))


def _absent(call: Call, bucket: str, key: str) -> Needs:
    bucket_need = Need("bucket", bucket)
    if bucket_need not in call.facts.known:
        return Needs(frozenset({bucket_need}))
    exists = call.facts.known[bucket_need] is not None
    raise TemplateError(NO_OBJECT.format(key, bucket) if exists else NO_BUCKET.format(bucket))


def _snippet(text: str, call: Call) -> dict[str, Value]:
    """The object that the snippet is; it can hold neither short tags nor transforms of its own."""
    try:
        value, _ = parse(text, call.limits, tags={})
    except TemplateError:
        raise TemplateError(NOT_READABLE) from None
    if not isinstance(value, dict) or _transforms(value):
        raise TemplateError(NOT_READABLE)
    found = settled(value)
    assert isinstance(found, dict)
    return found


def _transforms(value: Value) -> bool:
    if isinstance(value, dict):
        return TRANSFORM in value or any(map(_transforms, value.values()))
    return isinstance(value, list) and any(map(_transforms, value))


def _merged(fragment: dict[str, Value], snippet: dict[str, Value]) -> dict[str, Value]:
    """The snippet's members beside those around it; objects that both have are merged."""
    merged = dict(fragment)
    for name, value in snippet.items():
        own = merged.get(name)
        merged[name] = _merged(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return merged


INCLUDE = Transform(name="AWS::Include", apply=_apply, embeds=True, first=True)
