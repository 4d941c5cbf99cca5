"""The JSON schema says what the types say."""

import tomllib

from collections.abc import Iterator
from typing import Any

import msgspec

from config.account import AccountFile
from config.new_account import demo_text
from config.schema import schema

SCHEMA = schema()
DEFINITIONS = SCHEMA["$defs"]


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the schema with its reference followed, and the member of a choice that is no null."""
    if "anyOf" in part:
        part = next(choice for choice in part["anyOf"] if choice.get("type") != "null")
    return resolved(DEFINITIONS[part["$ref"].rpartition("/")[2]]) if "$ref" in part else part


def references(part: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield every reference in the schema."""
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for item in part.values():
            yield from references(item)
    elif isinstance(part, list):
        for item in part:
            yield from references(item)


def strangers(value: Any, part: dict[str, Any], path: str = "") -> Iterator[str]:  # noqa: ANN401 - any TOML
    """Yield the paths of what stands in a document and not in the schema, or is asked for and missing."""
    part = resolved(part)
    if isinstance(value, dict):
        known, others = part.get("properties", {}), part.get("additionalProperties")
        yield from (f"{path}.{key}: missing" for key in part.get("required", ()) if key not in value)
        for key, item in value.items():
            if key in known:
                yield from strangers(item, known[key], f"{path}.{key}")
            elif isinstance(others, dict):
                yield from strangers(item, others, f"{path}.{key}")
            elif others is False:
                yield f"{path}.{key}"
    elif isinstance(value, list) and isinstance(part.get("items"), dict):
        for index, item in enumerate(value):
            yield from strangers(item, part["items"], f"{path}[{index}]")


def test_the_schema_is_json_and_whole() -> None:
    """Every reference leads somewhere, and the schema can be written down."""
    assert {"object"} == {resolved(SCHEMA)["type"]}
    assert {reference.rpartition("/")[2] for reference in references(SCHEMA)} <= DEFINITIONS.keys()
    assert SCHEMA.keys() == msgspec.json.decode(msgspec.json.encode(SCHEMA)).keys()


def test_the_schema_knows_everything_the_demo_says() -> None:
    """An editor has nothing to say against the demo, though its contract is not named twice."""
    assert [] == list(strangers(tomllib.loads(demo_text()), SCHEMA))


def test_the_schema_knows_every_table() -> None:
    """What a TOML may say at the top is what the type has."""
    assert set(AccountFile.__struct_encode_fields__) == resolved(SCHEMA)["properties"].keys()


def test_the_schema_refuses_unknown_keys_of_an_account() -> None:
    """An editor marks a misspelt key."""
    document = tomllib.loads(demo_text())
    document["account"]["levrage"] = 1

    assert [".account.levrage"] == list(strangers(document, SCHEMA))
