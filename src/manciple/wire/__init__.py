"""One translator a protocol: each only decodes, calls operations, encodes."""
