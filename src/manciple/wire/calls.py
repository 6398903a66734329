"""From a request to an operation's output: who calls, then the call itself."""

import msgspec

from manciple.errors import ServiceError, UnrecognizedClientException
from manciple.operations.call import Caller, Operations, Runtime
from manciple.operations.identity import Claim, Identity, Origin
from manciple.wire import presigned, sigv4
from manciple.wire.messages import Request
from manciple.wire.s3_address import find_address

USER_AGENT = 256
"""So much of a User-Agent header is kept."""


class Calls:
    """Answers the protocols' two questions (`wire/dispatch.py`) from the operations layer."""

    def __init__(self, runtime: Runtime, operations: Operations, identity: Identity) -> None:
        self._runtime = runtime
        self._operations = operations
        self._identity = identity
        self._verifies = runtime.settings.auth == "sigv4"

    def identify(
        self,
        request: Request,
        service: str = "servicecatalog",
        payload: str | None = None,
        account: str | None = None,
        region: str | None = None,
    ) -> Caller:
        """Return who calls: whoever they say they are in open mode, else whose key signed the request.

        `account` and `region` are what an unsigned request of open mode names by other means.
        """
        if service == "s3" and (claim := presigned.read_presigned(request)) is not None:
            caller = self._presigner(request, claim, account)
        elif self._verifies:
            caller = self.signer(request, service, payload)
        else:
            caller = self._identity.anyone(_claimed(request, region), account, _origin(request))
        request.account = caller.account
        return caller

    def chunk_signing(self, request: Request) -> tuple[bytes, str, str, str] | None:
        """Return what the chunks of a verified request's body are signed with; None in open mode.

        That is the day's key, the scope, the time, and the request's own signature.
        """
        if not self._verifies or presigned.read_presigned(request) is not None:
            return None
        authorization = sigv4.read_authorization(request)
        credential = authorization.credential
        secret = self._identity.secret(_claim(request, credential)) or ""
        key = sigv4.signing_key(secret, credential.date, credential.region, credential.service)
        return key, credential.scope, authorization.signed_at, authorization.signature

    def call(self, operation: str, caller: Caller, input: msgspec.Struct, request_id: str) -> msgspec.Struct:
        """Carry out an operation of the AWS API."""
        return self._operations.call(operation, caller, input, request_id)

    def _presigner(self, request: Request, claim: presigned.Presigned, account: str | None) -> Caller:
        """Whose key presigned the address that is asked for, which holds as long as it says, in open mode too."""
        region = claim.credential.region if claim.credential else None
        presigned.demand_time(claim, self._runtime.now())
        claimed = Claim(claim.access_key_id, region, presigned.token_in(request.query))
        if self._verifies:
            secret = self._identity.secret(claimed)
            if secret is None:
                raise UnrecognizedClientException("The security token included in the request is invalid.")
            presigned.verify(request, claim, secret)
            caller = self._identity.signer(claimed, _origin(request))
        else:
            caller = self._identity.anyone(claimed, account, _origin(request))
        return caller if claim.credential else self._identity.at_bucket(caller, find_address(request).bucket)

    def admit(self, caller: Caller, action: str, path: str) -> Caller:
        """Let a caller in to a route of our own that an action guards. Raises AccessDeniedException."""
        return self._operations.access.admit_to_route(caller, action, path)

    def refused(self, operation: str, caller: Caller, request_id: str, error: ServiceError) -> None:
        """Take note of a call whose input could not be read."""
        self._operations.refused(operation, caller, None, request_id, error.code)

    def signer(self, request: Request, service: str, payload: str | None = None) -> Caller:
        """Verify the signature for a service and return the caller. Raises the fault that AWS answers."""
        authorization = sigv4.read_authorization(request)
        claim = _claim(request, authorization.credential)
        secret = self._identity.secret(claim)
        if secret is None:
            raise UnrecognizedClientException("The security token included in the request is invalid.")
        sigv4.verify(request, authorization, secret, self._runtime.now(), service=service, payload=payload)
        return self._identity.signer(claim, _origin(request))


def _claim(request: Request, credential: sigv4.Credential) -> Claim:
    return Claim(credential.access_key_id, credential.region, request.headers.get("x-amz-security-token"))


def _claimed(request: Request, region: str | None) -> Claim:
    """What a request claims in open mode; without a credential, the region that it names by other means."""
    credential = sigv4.read_credential(request)
    return _claim(request, credential) if credential else Claim("", region)


def _origin(request: Request) -> Origin:
    return Origin(request.source_address, request.headers.get("user-agent", "")[:USER_AGENT])
