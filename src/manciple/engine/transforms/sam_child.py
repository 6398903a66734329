"""The child process that runs aws-sam-translator: one request on standard input, one answer on standard output.

Before the translator is imported, memory and processor time are bounded and connections are forbidden: it knows how to
ask AWS for managed policies and serverless applications, and must not.
"""

import json
import os
import resource
import sys
from typing import Any

MEMORY = 1 << 30
PROCESSOR_SECONDS = 40
NO_REPOSITORY = (
    "the Serverless Application Repository cannot be asked from here; name the application's template in S3."
)


def main() -> None:
    """Answer the request."""
    confine()
    request = json.load(sys.stdin)
    os.environ["AWS_DEFAULT_REGION"] = request["region"]
    json.dump(translate(request), sys.stdout)


def confine() -> None:
    """Bound memory and processor time, and forbid connections."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_forbid)


def _forbid(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"}:
        raise PermissionError(f"{event} is not allowed here")


def translate(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request: the template, or the translator's own sentence on what is wrong with it."""
    from botocore.exceptions import BotoCoreError
    from samtranslator.model.exceptions import ExceptionWithMessage  # type: ignore[import-untyped]
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

    try:
        return {"template": transform(request["template"], request["parameters"], _NoPolicies())}
    except ExceptionWithMessage as error:
        return {"error": _sentence(error)}
    except BotoCoreError:
        return {"error": NO_REPOSITORY}
    except Exception as error:  # noqa: BLE001 - what the translator cannot take, it raises in many ways
        return {"error": f"the template cannot be translated ({type(error).__name__})."}


def _sentence(error: Any) -> str:
    """The message, followed by those of its causes as AWS joins them."""
    causes = sorted(cause.message for cause in getattr(error, "causes", None) or ())
    return " ".join([error.message.strip(), *causes])


class _NoPolicies:
    """Managed policies beside those that the translator ships: none; a name stays as it is."""

    def load(self) -> dict[str, str]:
        """An empty map of name to ARN."""
        return {}


if __name__ == "__main__":
    main()
