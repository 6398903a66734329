"""A provisioning engine: each product is a directory of files, made from a JSON document of their texts.

    python engine.py DIRECTORY     # AWS_ENDPOINT_URL, region and credentials as boto3 finds them

An artifact is {"files": {"index.html": "<h1>{title}</h1>"}}; {title} stands for the parameter title.
"""

import json
import shutil
import sys
from pathlib import Path

import boto3

sqs, s3, catalog = (boto3.client(name) for name in ("sqs", "s3", "servicecatalog"))
NOTIFY = {
    "Provision": catalog.notify_provision_product_engine_workflow_result,
    "Update": catalog.notify_update_provisioned_product_engine_workflow_result,
    "Terminate": catalog.notify_terminate_provisioned_product_engine_workflow_result,
}


def deploy(request, home):
    """Make the directory what the artifact says; the same request twice leaves the same directory."""
    bucket, key = request["artifact"]["path"].removeprefix("s3://").split("/", 1)
    artifact = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    values = {one["key"]: one["value"] for one in request["parameters"]}
    texts = {name: text.format_map(values) for name, text in artifact["files"].items()}
    fresh = home.with_name(f"{home.name}.{request['recordId']}")
    fresh.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (fresh / Path(name).name).write_text(text)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)
    return [{"OutputKey": "Directory", "OutputValue": str(home)}]


def work(verb, request, home):
    """Do what a message asks for, and tell how it ended."""
    told = {"Status": "SUCCEEDED"}
    try:
        if verb == "Terminate":
            shutil.rmtree(home, ignore_errors=True)
        else:
            told["Outputs"] = deploy(request, home)
    except Exception as error:  # noqa: BLE001 (whatever it is, the product's owner is told)
        told = {"Status": "FAILED", "FailureReason": f"{type(error).__name__}: {error}"[:2048]}
    ids = dict.fromkeys(("RecordId", "IdempotencyToken"), request["recordId"])
    NOTIFY[verb](WorkflowToken=request["token"], **ids, **told)
    print(verb, request["provisionedProductName"], told["Status"], flush=True)  # noqa: T201 (its log)


while True:
    for verb in NOTIFY:
        queue = sqs.get_queue_url(QueueName=f"ServiceCatalogExternal{verb}OperationQueue")["QueueUrl"]
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, VisibilityTimeout=20).get("Messages", []):
            request = json.loads(message["Body"])
            work(verb, request, Path(sys.argv[1]).resolve() / request["provisionedProductId"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
