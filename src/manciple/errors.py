"""Every error that a caller can see. Class names are the names on the wire.

    Exception
    └── ServiceError                         one message, HTTP status 400 unless the class says otherwise
        ├── DuplicateResourceException       ─┐
        ├── InvalidParametersException        │
        ├── InvalidStateException             │
        ├── LimitExceededException            │ the eight errors of the service model
        ├── OperationNotSupportedException    │
        ├── ResourceInUseException            │
        ├── ResourceNotFoundException         │
        ├── TagOptionNotMigratedException    ─┘
        ├── ValidationException              ─┐
        ├── SerializationException            │ what AWS's front end answers before any operation runs
        ├── UnknownOperationException        ─┘
        ├── AccessDeniedException            ─┐
        ├── ExpiredTokenException             │
        ├── IncompleteSignatureException      │ who calls, and may they
        ├── InvalidActionException            │
        ├── InvalidSignatureException         │
        ├── MalformedPolicyDocumentException  │
        ├── MissingAuthenticationTokenException
        ├── UnrecognizedClientException      ─┘
        ├── InvalidRequestException          ─┐
        ├── TypeNotFoundException             │ of the Cloud Control API
        ├── UnsupportedActionException       ─┘
        ├── BatchEntryIdsNotDistinct         ─┐
        ├── EmptyBatchRequest                 │
        ├── InvalidAttributeName              │
        ├── InvalidParameterValue             │
        ├── MessageNotInflight                │ of SQS
        ├── QueueDoesNotExist                 │
        ├── QueueNameExists                   │
        ├── ReceiptHandleIsInvalid            │
        ├── TooManyEntriesInBatchRequest      │
        ├── UnsupportedOperation             ─┘
        ├── ForeignRequestException          (403) a web page of another origin
        ├── MisdirectedRequestException      (421) a Host that is not ours
        ├── RequestTooLargeException         (413) a body over the limit
        ├── ThrottlingException
        └── InternalFailure                  (500) our own fault; the text never tells more than the request id
    └── TemplateError                        a fault in a template, with the path and line where it stands

Raised in the domain, translated in one place of each protocol. All are HTTP 400 as AWS answers them,
not-found too (service-catalog-api reference, 1.2).
"""


class ServiceError(Exception):
    """A fault that the caller is told of: its class name is the error's name on the wire."""

    status: int = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """The error's name on the wire."""
        return type(self).__name__


class DuplicateResourceException(ServiceError):
    """The specified resource is a duplicate."""


class InvalidParametersException(ServiceError):
    """One or more parameters are not valid in meaning (shape faults are ValidationException)."""


class InvalidStateException(ServiceError):
    """The resource's status does not allow the operation."""


class LimitExceededException(ServiceError):
    """A quota is used up."""


class OperationNotSupportedException(ServiceError):
    """The operation cannot be carried out here."""


class ResourceInUseException(ServiceError):
    """Something still refers to the resource."""


class ResourceNotFoundException(ServiceError):
    """No such resource, or not for this caller."""


class TagOptionNotMigratedException(ServiceError):
    """Modelled by AWS for accounts older than 2016; a new server never raises it."""


class ValidationException(ServiceError):
    """The input breaks the service model; all faults are named at once."""


class SerializationException(ServiceError):
    """The body is not readable in the caller's protocol, or a value has the wrong type."""


class UnknownOperationException(ServiceError):
    """No operation of that name."""


class AccessDeniedException(ServiceError):
    """The caller's policy does not allow the action."""


class ExpiredTokenException(ServiceError):
    """The session's credentials have run out."""


class IncompleteSignatureException(ServiceError):
    """The Authorization header lacks a part."""


class InvalidActionException(ServiceError):
    """STS: no action of that name."""


class MalformedPolicyDocumentException(ServiceError):
    """STS: a session's policy that cannot be read."""


class InvalidSignatureException(ServiceError):
    """The request was not signed with the key that it names, or too long ago."""


class MissingAuthenticationTokenException(ServiceError):
    """The request is not signed."""


class UnrecognizedClientException(ServiceError):
    """No such access key."""


class InvalidRequestException(ServiceError):
    """Cloud Control: the request does not fit the resource type."""


class TypeNotFoundException(ServiceError):
    """Cloud Control: no resource type of that name."""


class UnsupportedActionException(ServiceError):
    """Cloud Control: the action is not available."""


class BatchEntryIdsNotDistinct(ServiceError):
    """SQS: two entries of a batch have one id."""


class EmptyBatchRequest(ServiceError):
    """SQS: a batch without entries."""


class InvalidAttributeName(ServiceError):
    """SQS: no attribute of that name."""


class InvalidParameterValue(ServiceError):
    """SQS: a value out of its range."""


class MessageNotInflight(ServiceError):
    """SQS: the message was not received, or can be received again."""


class QueueDoesNotExist(ServiceError):
    """SQS: no such queue, or not the caller's."""


class QueueNameExists(ServiceError):
    """SQS: there is a queue of that name with other attributes."""


class ReceiptHandleIsInvalid(ServiceError):
    """SQS: nobody received a message under this handle from this queue."""


class TooManyEntriesInBatchRequest(ServiceError):
    """SQS: a batch has ten entries at most."""


class UnsupportedOperation(ServiceError):
    """SQS: not on these queues."""


class ForeignRequestException(ServiceError):
    """A browser sent this request for a page of another origin."""

    status = 403


class MisdirectedRequestException(ServiceError):
    """The Host header names no address of this server."""

    status = 421


class RequestTooLargeException(ServiceError):
    """The request's body is larger than the server reads."""

    status = 413


class ThrottlingException(ServiceError):
    """Too many requests."""


class InternalFailure(ServiceError):
    """Our own fault; details are in the log under the request id."""

    status = 500


class TemplateError(Exception):
    """A fault in a template.

    `message` is CloudFormation's sentence, `code` its error code (nearly always ValidationError), `path` the place
    as keys and indexes joined by `/` (`Resources/Queue/Properties/QueueName`), `line` the 1-based line in the source.
    """

    def __init__(self, message: str, *, path: str = "", line: int | None = None, code: str = "ValidationError") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.code = code
