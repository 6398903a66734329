"""What a test's clients really called: every request with its input, and how it was answered."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

OK = "OK"


class Recorder:
    """Listens to clients of boto3: how each operation was answered, its last good input and output, and whose."""

    def __init__(self) -> None:
        self.outcomes: dict[str, set[str]] = defaultdict(set)
        self.inputs: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.callers: dict[str, str] = {}

    def listen(self, client: Any, account: str) -> Any:
        """Note what a client of an account calls from now on."""
        client.meta.events.register("provide-client-params.service-catalog", self._asked(account))
        client.meta.events.register("after-call.service-catalog", self._answered)
        return client

    @property
    def succeeded(self) -> set[str]:
        """The operations that were answered well at least once."""
        return {name for name, codes in self.outcomes.items() if OK in codes}

    def _asked(self, account: str) -> Callable[..., None]:
        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            self._pending = (model.name, dict(params), account)

        return note

    def _answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        name, params, account = self._pending
        assert name == model.name
        code = parsed.get("Error", {}).get("Code", OK)
        self.outcomes[name].add(code)
        if code == OK:
            self.inputs[name], self.callers[name] = params, account
            self.outputs[name] = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
