"""Amazon SQS as SDKs spoke it before 2023: in the query protocol. Today's model is given the old names of items."""

import gzip
import json
from pathlib import Path
from typing import Any

import boto3
import botocore
import botocore.loaders
import botocore.session

_MODEL = Path(botocore.__file__).parent / "data" / "sqs" / "2012-11-05" / "service-2.json.gz"
_ITEMS = {
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
}
_MAPS = ("MessageSystemAttributeMap", "QueueAttributeMap")


def old_session(directory: Path, *, names: bool = True) -> boto3.Session:
    """A session whose SQS client posts forms and reads XML, with the old names of items or without."""
    folder = directory / "sqs" / "2012-11-05"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(
        json.dumps(_old(json.loads(gzip.decompress(_MODEL.read_bytes())), names=names))
    )
    loader = botocore.loaders.Loader(include_default_search_paths=False)
    loader.search_paths[:] = [str(directory), botocore.loaders.Loader.BUILTIN_DATA_PATH]
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    return boto3.Session(botocore_session=session)


def _old(model: dict[str, Any], *, names: bool) -> dict[str, Any]:
    metadata, shapes = model["metadata"], model["shapes"]
    for name in ("awsQueryCompatible", "jsonVersion", "targetPrefix"):
        del metadata[name]
    metadata |= {
        "protocol": "query",
        "protocols": ["query"],
        "xmlNamespace": "http://queue.amazonaws.com/doc/2012-11-05/",
    }
    for operation in model["operations"].values():
        if "output" in operation:
            operation["output"]["resultWrapper"] = f"{operation['name']}Result"
    if not names:
        return model
    for name, item in _ITEMS.items():
        shapes[name]["member"]["locationName"] = item
    for name in _MAPS:
        shapes[name]["key"]["locationName"], shapes[name]["value"]["locationName"] = "Name", "Value"
    for shape in shapes.values():
        for member in shape.get("members", {}).values():
            if member["shape"] in _MAPS:
                member["locationName"] = "Attribute"
    return model
