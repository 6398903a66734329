"""Shelves in the file that SHELF_FILE names; the caller gives a shelf its name."""

import json
import os
import pathlib

FILE = pathlib.Path(os.environ["SHELF_FILE"])


class Failure(Exception):
    pass


def handle(asked):
    shelves = json.loads(FILE.read_text()) if FILE.exists() else {}
    request = asked["request"]
    try:
        answer = HANDLERS[asked["action"]](shelves, request.get("desiredResourceState") or {}, request)
    except Failure as failure:
        return {"status": "FAILED", "errorCode": failure.args[0], "message": "no"}
    FILE.write_text(json.dumps(shelves))
    return {"status": "SUCCESS", **answer}


def shown(shelf):
    kept = {name: value for name, value in shelf.items() if name not in ("Code", "Token")}
    return {"resourceModel": {**kept, "Weight": 10 * shelf["Boards"]}}


def find(shelves, model):
    if model.get("Name") not in shelves:
        raise Failure("NotFound")
    return shelves[model["Name"]]


def create(shelves, model, request):
    name, token = model["Name"], request["clientRequestToken"]
    if "Weight" in model:
        raise Failure("InvalidRequest")
    if name in shelves and shelves[name]["Token"] != token:
        raise Failure("AlreadyExists")
    shelves[name] = {**model, "Token": token}
    return shown(shelves[name])


def read(shelves, model, _request):
    return shown(find(shelves, model))


def update(shelves, model, _request):
    shelf = find(shelves, model)
    if model.get("Wood", shelf.get("Wood")) != shelf.get("Wood"):
        raise Failure("NotUpdatable")
    shelves[model["Name"]] = {**model, "Token": shelf["Token"]}
    return shown(shelves[model["Name"]])


def delete(shelves, model, _request):
    find(shelves, model)
    del shelves[model["Name"]]
    return {}


def list_all(shelves, _model, _request):
    return {"resourceModels": [{"Name": name} for name in shelves]}


HANDLERS = {"CREATE": create, "READ": read, "UPDATE": update, "DELETE": delete, "LIST": list_all}
