"""What the contract says of an answer, as JSON Schema: stricter than the vendor's, no key beside the documented ones.

OpenAPI has two ways that JSON Schema lacks: `nullable`, and a discriminator, by which a base and its kinds refer to
each other in a ring. A kind is taken apart into its own part, which counts where the discriminator names it.
"""

import re
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

from .revisions import contract

FORMATS = FormatChecker(())


@FORMATS.checks("uuid", raises=ValueError)
def _is_uuid(value: Any) -> bool:
    return not isinstance(value, str) or str(UUID(value)) == value


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    """With seconds; with an offset too, but for the two times of a token, which real servers may send without."""
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(re.sub(r"\.\d{1,7}", "", value).replace("Z", "+00:00"))
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?", value) is not None


@FORMATS.checks("int32")
def _is_int32(value: Any) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


@FORMATS.checks("int64")
def _is_int64(value: Any) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def faults_of(revision: str, name: str, value: Any) -> list[str]:
    """What is wrong with `value` as schema `name` of a revision; empty if nothing is."""
    return [f"{error.json_path}: {error.message}" for error in _validator(revision, name).iter_errors(value)]


def response_schema(revision: str, operation: dict[str, Any], status: int) -> str:
    """The name of the schema of an answer with this status. KeyError if the contract does not know the status."""
    said = operation["responses"][str(status)]
    if "$ref" in said:
        said = contract(revision)["components"]["responses"][said["$ref"].rpartition("/")[2]]
    return said["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]


@cache
def _validator(revision: str, name: str) -> Draft202012Validator:
    schemas = contract(revision)["components"]["schemas"]
    definitions = {key: _translated(schemas, key) for key in schemas}
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": definitions}, format_checker=FORMATS)


def _translated(schemas: dict[str, Any], name: str) -> dict[str, Any]:
    schema = schemas[name]
    if "discriminator" not in schema:
        found = _plain(schema)
        return found | {"unevaluatedProperties": False} if "properties" in found else found
    key = schema["discriminator"]["propertyName"]
    base = {part: value for part, value in schema.items() if part not in {"discriminator", "oneOf"}}
    kinds = [
        {
            "if": {"properties": {key: {"const": word}}},
            "then": _plain(_own_part(schemas[target.rpartition("/")[2]])),
        }
        for word, target in schema["discriminator"]["mapping"].items()
    ]
    return {"allOf": [_plain(base), *kinds], "unevaluatedProperties": False}


def _own_part(schema: dict[str, Any]) -> dict[str, Any]:
    return next(part for part in schema["allOf"] if "$ref" not in part)


def _plain(schema: Any) -> Any:
    """References moved, `nullable` turned into a type."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref'].rpartition('/')[2]}"}
    found = {key: _plain(value) for key, value in schema.items() if key != "nullable"}
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        found["type"] = [schema["type"], "null"]
    return found
