"""Notes as JSON files in the directory that NOTES_DIRECTORY names; a file's name is its identifier."""

import hashlib
import json
import os
import pathlib
import sys
import time

NOTES = pathlib.Path(os.environ["NOTES_DIRECTORY"])
ASKED = json.load(sys.stdin)
REQUEST = ASKED["request"]
MODEL = REQUEST.get("desiredResourceState") or {}


def failed(code, message):
    return {"status": "FAILED", "errorCode": code, "message": message}


def shown(note):
    kept = {name: value for name, value in note.items() if name not in ("Password", "Token")}
    return {**kept, "Details": {"Length": len(note.get("Text", ""))}}


def success(note):
    return {"status": "SUCCESS", "resourceModel": shown(note)}


def find(identifier):
    path = NOTES / str(identifier)
    return json.loads(path.read_text()) if identifier and path.is_file() else None


def write(note):
    (NOTES / note["Id"]).write_text(json.dumps(note))
    return note


def create():
    if MODEL.get("Text") == "bad":
        sys.stderr.write(f"the password is {MODEL.get('Password')}\n")
        return failed("InvalidRequest", "the text is bad")
    if MODEL.get("Text") == "indiscreet":
        return failed("InvalidRequest", f"{MODEL.get('Password')} will not do")
    if MODEL.get("Text") == "nonsense":
        sys.stdout.write("no JSON at all")
        sys.exit()
    token = REQUEST["clientRequestToken"]
    if MODEL.get("Text") == "lingering":
        with NOTES.with_suffix(".calls").open("a") as calls:
            calls.write(f"{token}\n")
        time.sleep(1)
    identifier = "note-" + hashlib.sha256(token.encode()).hexdigest()[:12]
    note = find(identifier) or write({**MODEL, "Id": identifier, "Token": token})
    if MODEL.get("IsSlow") and not ASKED.get("callbackContext"):
        return {
            "status": "IN_PROGRESS",
            "resourceModel": shown(note),
            "callbackContext": {"calls": 1},
            "callbackDelaySeconds": 0,
        }
    return success(note)


def read():
    note = find(MODEL.get("Id"))
    return success(note) if note else failed("NotFound", "no such note")


def update():
    note = find(MODEL.get("Id"))
    if note is None:
        return failed("NotFound", "no such note")
    if MODEL.get("Text") == "bad":
        return failed("GeneralServiceException", "the text is bad")
    if MODEL.get("Title", note["Title"]) != note["Title"]:
        return failed("NotUpdatable", "the title stays")
    return success(write({**MODEL, "Id": note["Id"], "Token": note["Token"]}))


def delete():
    note = find(MODEL.get("Id"))
    if note is None:
        return failed("NotFound", "no such note")
    (NOTES / note["Id"]).unlink()
    return {"status": "SUCCESS"}


def list_all():
    return {"status": "SUCCESS", "resourceModels": [{"Id": path.name} for path in sorted(NOTES.iterdir())]}


HANDLERS = {"CREATE": create, "READ": read, "UPDATE": update, "DELETE": delete, "LIST": list_all}
json.dump(HANDLERS[ASKED["action"]](), sys.stdout)
