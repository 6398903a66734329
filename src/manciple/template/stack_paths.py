"""Paths of stacks: the logical ids from the outermost stack down to a nested one, joined by `/`; its own is ""."""


def joined(path: str, name: str) -> str:
    """A path or logical id below a path."""
    return f"{path}/{name}" if path else name


def depth_of(path: str) -> int:
    """In how many stacks is the one at this path nested?"""
    return path.count("/") + 1 if path else 0
