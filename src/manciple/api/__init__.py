"""The API's own words: shapes, limits, operations. Pure."""
