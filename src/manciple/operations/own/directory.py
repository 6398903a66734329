"""The operator's directory: accounts, units, organizations and roles (docs/decisions/directory.md)."""

import msgspec

from manciple.catalog.directory import Directory, DirectoryError, read_directory
from manciple.errors import ValidationException
from manciple.operations.call import Context, operation
from manciple.store.directories import find_directory, write_directory


class GetDirectoryInput(msgspec.Struct, frozen=True):
    """There is one directory for the whole server."""


class PutDirectoryInput(msgspec.Struct, frozen=True, kw_only=True):
    """The whole document, as JSON."""

    document: bytes


@operation("manciple:GetDirectory")
def get_directory(context: Context, _input: GetDirectoryInput) -> Directory:
    """The directory as it is stored."""
    return find_directory(context.tx).directory


@operation("manciple:PutDirectory", writes=True)
def put_directory(context: Context, input: PutDirectoryInput) -> Directory:
    """Replace the directory. Raises ValidationException naming what contradicts itself."""
    try:
        most = context.runtime.settings.quota.delegated_administrators
        directory = read_directory(input.document, most_delegates=most)
    except DirectoryError as error:
        raise ValidationException(str(error)) from None
    write_directory(context.tx, directory)
    return directory
