#!/usr/bin/env python3
"""Write src/manciple/template/data/resource_schemas.bin: what the provider schemas say of every type.

The schemas come from the wheel of the development dependency cfn-lint (MIT-0), read as plain files: cfn-lint
itself is never imported. Descriptions and annotations are dropped, what the change set, the sandbox and the
checks need is kept. The same cfn-lint gives the same extract.

The file: one line of JSON `{"source", "types": {name: [offset, length]}, "dictionary": length}`, the
compression dictionary, then one zlib stream a type. A type is decoded when it is first asked for.
"""

import importlib.metadata
import importlib.util
import json
import sys
import zlib
from pathlib import Path
from typing import Any

from manciple.template.registry_schema import extract

TARGET = Path(__file__).parents[1] / "src/manciple/template/data/resource_schemas.bin"
FIRST_REGION = "us-east-1"
Json = dict[str, Any]


def main() -> None:
    """Write the extract, or say whether it is up to date."""
    root = package_directory("cfnlint") / "data" / "schemas"
    streams = {name: stream(schema) for name, schema in sorted(read_schemas(root).items())}
    content = pack(streams, source(root))
    if "--check" in sys.argv[1:]:
        if not TARGET.exists() or unpacked(TARGET.read_bytes()) != unpacked(content):
            raise SystemExit(f"{TARGET.name} is not what the installed cfn-lint gives: run `make gen`.")
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(streams)} types, {len(content):,} bytes", file=sys.stderr)


def stream(schema: Json) -> bytes:
    """One type's extract as compact JSON, keys sorted."""
    return json.dumps(extract(schema), sort_keys=True, separators=(",", ":")).encode()


def package_directory(name: str) -> Path:
    """Where a package is installed, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed: run `make setup`, then this script with .venv/bin/python")
    return Path(spec.origin).parent


def source(root: Path) -> Json:
    """Where the knowledge comes from, and how old it is."""
    return {
        "package": "cfn-lint",
        "version": importlib.metadata.version("cfn-lint"),
        "schema_date": json.loads((root / "version.json").read_text())["schema_date"],
        "licence": "MIT-0",
    }


def read_schemas(root: Path) -> dict[str, Json]:
    """Every type of every region; where regions differ, the first region's schema counts."""
    regions = sorted(path for path in (root / "providers").glob("*-*-*.json") if path.stem != FIRST_REGION)
    digests: dict[str, str] = {}
    for path in [root / "providers" / f"{FIRST_REGION}.json", *regions]:
        digests = json.loads(path.read_text()) | digests
    return {name: json.loads((root / "resources" / f"{digest}.json").read_text()) for name, digest in digests.items()}


def pack(streams: dict[str, bytes], origin: Json) -> bytes:
    """The content of the file."""
    dictionary = shared_dictionary(streams)
    body, index = bytearray(), {}
    for name, stream in streams.items():
        packed = compressed(stream, dictionary)
        index[name] = [len(body), len(packed)]
        body += packed
    head = {"source": origin, "dictionary": len(dictionary), "types": index}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + dictionary + bytes(body)


def unpacked(content: bytes) -> tuple[Json, dict[str, bytes]]:
    """Source and streams; two builds of zlib may pack the same differently."""
    line, _, rest = content.partition(b"\n")
    head = json.loads(line)
    dictionary, body = rest[: head["dictionary"]], rest[head["dictionary"] :]
    parts = {name: body[start : start + length] for name, (start, length) in head["types"].items()}
    return head["source"], {name: decompressed(part, dictionary) for name, part in parts.items()}


def shared_dictionary(streams: dict[str, bytes]) -> bytes:
    """Text that most types share, so that a type alone still compresses well: a spread of the types."""
    samples = list(streams.values())
    step = max(1, len(samples) // 40)
    return b"".join(sample[:800] for sample in samples[::step])[-32_000:]


def compressed(stream: bytes, dictionary: bytes) -> bytes:
    """One type's stream."""
    packer = zlib.compressobj(level=9, wbits=-15, zdict=dictionary)
    return packer.compress(stream) + packer.flush()


def decompressed(packed: bytes, dictionary: bytes) -> bytes:
    """The stream that `compressed` packed."""
    return zlib.decompressobj(wbits=-15, zdict=dictionary).decompress(packed)


if __name__ == "__main__":
    main()
