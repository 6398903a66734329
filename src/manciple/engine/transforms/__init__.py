"""Every transform of templates: the pure ones of the template language, and here those that need more.

One file each; a file dropped in here is found by `table`.
"""

from collections.abc import Mapping
from functools import cache

from manciple import registry
from manciple.template import transforms
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Needs
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.parameters import resolve_parameters
from manciple.template.transforms.process import process
from manciple.template.transforms.transform import Transform


@cache
def table() -> Mapping[str, Transform]:
    """All transforms by name."""
    return {**transforms.table(), **{found.name: found for found in registry.collect(__name__, Transform)}}


def transformed(
    template: Template,
    given: Mapping[str, str],
    previous: Mapping[str, str] | None,
    facts: Facts,
    limits: Limits = DEFAULT_LIMITS,
    known_types: frozenset[str] | None = None,
) -> Template | Needs:
    """A loaded template as its transforms make it with these parameters; the same one if it asks for none.

    Raises TemplateError in CloudFormation's words.
    """
    if not template.transforms:
        return template
    parameters = resolve_parameters(template, given, previous, facts)
    if isinstance(parameters, Needs):
        return parameters
    return process(template, parameters, facts, table(), limits, known_types)
