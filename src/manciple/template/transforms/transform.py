"""What a transform is: CloudFormation's macros that rewrite a template before it is evaluated."""

from collections.abc import Callable, Mapping

import msgspec

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Needs, Parameter
from manciple.template.limits import Limits
from manciple.template.values import Value


class Verbatim(TemplateError):
    """A failure whose sentence names the transform itself."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a transform.

    `fragment` is what it works on: the siblings of its Fn::Transform, or the whole body. `arguments` are its
    Parameters, evaluated.
    """

    template: Template
    fragment: dict[str, Value]
    arguments: Mapping[str, Value]
    parameters: Mapping[str, Parameter]
    facts: Facts
    limits: Limits


class Transform(msgspec.Struct, frozen=True, kw_only=True):
    """One transform by its name.

    `apply` gives what stands in the fragment's place (the whole template as such where it changes more than the
    body), or Needs; it raises TemplateError with the reason of a failure, without the "Transform … failed with".
    `embeds` says whether it may stand inside a template, `first` that it runs before others of a list.
    """

    name: str
    apply: Callable[[Call], Value | Template | Needs]
    embeds: bool = False
    first: bool = False
