"""What outputs may tell of resources: what repeats a secret that its resource was given is a secret itself.

Only there is looked for secrets: a short one (`admin`) stands by chance in many a text that has nothing to do with it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from graphlib import TopologicalSorter

from manciple.template.evaluation import Resource
from manciple.template.values import Bindings, Bound, Secret, Value, holds_secret


class Disclosed(Mapping[str, Bound]):
    """Bindings of live resources with a mark on every text of the `confidants` that repeats a secret.

    `repeats_secret` says of a text whether it holds one. A marked text is worked on as it is; whatever is made from it
    shows as four stars.
    """

    def __init__(self, bindings: Bindings, confidants: frozenset[str], repeats_secret: Callable[[str], bool]) -> None:
        self._bindings = bindings
        self._confidants = confidants
        self._repeats_secret = repeats_secret

    def __getitem__(self, logical_id: str) -> Bound:
        bound = self._bindings[logical_id]
        if logical_id not in self._confidants:
            return bound
        return Bound(
            self._marked(bound.reference), {name: self._marked(value) for name, value in bound.attributes.items()}
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._bindings)

    def __len__(self) -> int:
        return len(self._bindings)

    def _marked(self, value: Value) -> Value:
        if isinstance(value, str):
            return Secret(value) if self._repeats_secret(value) else value
        if isinstance(value, list):
            return [self._marked(item) for item in value]
        return {key: self._marked(item) for key, item in value.items()}


def confidants_of(resources: Mapping[str, Resource], silent: Iterable[str]) -> frozenset[str]:
    """The resources that know a secret: given one, `silent` about their attributes, or perhaps told by such a one."""
    found = set(silent)
    for logical_id in TopologicalSorter({name: one.dependencies for name, one in resources.items()}).static_order():
        resource = resources.get(logical_id)
        if resource is not None and (holds_secret(resource.properties) or resource.dependencies & found):
            found.add(logical_id)
    return frozenset(found)
