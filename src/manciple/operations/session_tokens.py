"""Session tokens: a session, sealed. Nothing is stored; whoever sends the token brings the session with it."""

import base64
import binascii

import msgspec

from manciple.catalog.sessions import Session
from manciple.store.sealed import Seal, SealedError


def write_session(seal: Seal, session: Session) -> str:
    """The token for a session."""
    return base64.b64encode(seal.close(msgspec.json.encode(session))).decode()


def read_session(seal: Seal, token: str) -> Session | None:
    """The session that a token holds; None if it is none of ours."""
    try:
        return msgspec.json.decode(seal.open(base64.b64decode(token, validate=True)), type=Session)
    except (SealedError, msgspec.DecodeError, binascii.Error, ValueError):
        return None
