"""Settings as text: what one may be, and what it is."""

import re

import msgspec
from msgspec.inspect import (
    BoolType,
    CustomType,
    DictType,
    FloatType,
    IntType,
    LiteralType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
)


def describe_type(wanted: Type) -> str:
    """What a setting of a type may be, in words."""
    match wanted:
        case UnionType(types):
            return " or ".join(describe_type(one) for one in types if not isinstance(one, msgspec.inspect.NoneType))
        case LiteralType(values):
            return " or ".join(str(value) for value in values)
        case BoolType():
            return "true or false"
        case IntType(ge=low, le=high):
            return f"a whole number from {low} {'upwards' if high is None else f'to {high}'}"
        case FloatType(gt=low):
            return f"a number above {low:g}"
        case StrType(pattern=str(pattern)):
            return f"{'aws, or ' * ('aws' in pattern)}an address that begins with http:// or https://"
        case VarTupleType(item_type=member):
            return f"a list of {_describe_member(member) if isinstance(member, StructType) else 'texts'}"
        case DictType(value_type=member):
            return f"a table of {_describe_member(member)}"
        case CustomType():
            return "a path"
        case _:
            return "a text"


def _describe_member(wanted: Type) -> str:
    if isinstance(wanted, StructType):
        return f"tables of {', '.join(field.name for field in wanted.fields)}, in a settings file"
    if isinstance(wanted, StrType) and wanted.pattern is not None and "(/|" in wanted.pattern:
        return "absolute paths of directories, or addresses that begin with https://"
    return "addresses that begin with http:// or https://"


def printed(value: object) -> str:
    """A setting's value as text, as a TOML file or a variable would give it; nothing for one that is not set."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(printed(member) for member in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}={printed(member)}" for key, member in value.items())
    if isinstance(value, msgspec.Struct):
        given = {key: member for key, member in msgspec.structs.asdict(value).items() if member not in (None, ())}
        return "{" + printed(given) + "}"
    return "" if value is None else str(value)


def masked(text: str) -> str:
    """A URL's password as four stars: before its host, or among its parameters as PostgreSQL's libpq takes it."""
    return re.sub(r"([?&](?:ssl)?password=)[^&]*", r"\1****", re.sub(r"(://[^/:@]*:)[^@]*@", r"\1****@", text))
