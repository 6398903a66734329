"""Resources that wait for each other in a circle."""

from collections.abc import Iterable, Mapping

Graph = Mapping[str, Iterable[str]]


def members_of_circles(graph: Graph) -> list[str]:
    """Nodes on a circle, or on a way from one circle to another, in the graph's order; empty if there is none.

    `graph` maps each node to those that it depends on. First what depends on no circle is taken off, then what no
    circle depends on; what is left cannot be ordered. Linear, and no recursion.
    """
    left = _without_free(graph, set(graph))
    if left:
        left = _without_free(_reversed(graph), left)
    return [node for node in graph if node in left]


def _without_free(graph: Graph, nodes: set[str]) -> set[str]:
    """`nodes` less those whose dependencies among `nodes` can all be taken off before them."""
    waiting = {node: sum(1 for other in set(graph[node]) if other in nodes) for node in nodes}
    dependents = _reversed({node: set(graph[node]) for node in nodes})
    free = [node for node, count in waiting.items() if count == 0]
    left = set(nodes)
    while free:
        node = free.pop()
        left.discard(node)
        for dependent in dependents.get(node, ()):
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                free.append(dependent)
    return left


def _reversed(graph: Graph) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {node: [] for node in graph}
    for node, others in graph.items():
        for other in others:
            turned.setdefault(other, []).append(node)
    return turned
