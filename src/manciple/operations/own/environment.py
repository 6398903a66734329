"""The sandbox environment of the caller's account and region (contracts, section 3)."""

import msgspec

from manciple.errors import ValidationException
from manciple.operations.call import Context, operation
from manciple.store.environments import Environment, read_environment, write_environment


class GetEnvironmentInput(msgspec.Struct, frozen=True):
    """Nothing but the caller says which environment."""


class PutEnvironmentInput(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document, as JSON."""

    document: bytes


@operation("manciple:GetEnvironment")
def get_environment(context: Context, _input: GetEnvironmentInput) -> Environment:
    """The environment as it is stored."""
    return read_environment(context.tx, context.runtime.objects.seal, *context.owner)


@operation("manciple:PutEnvironment", writes=True)
def put_environment(context: Context, input: PutEnvironmentInput) -> Environment:
    """Replace the environment. Raises ValidationException, whose text repeats no value."""
    environment = _read(input.document)
    write_environment(context.tx, context.runtime.objects.seal, *context.owner, environment)
    return environment


def _read(document: bytes) -> Environment:
    try:
        return msgspec.json.decode(document, type=Environment)
    except msgspec.ValidationError as error:
        raise ValidationException(
            f"The environment is not {{exports, parameters, secrets}} of texts: {error}."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValidationException("The environment is not JSON.") from None
