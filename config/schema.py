"""The JSON schema of an account's TOML, for editors that complete and check while one writes."""

from typing import Any

import msgspec

from config.account import AccountFile

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the schema of `config.account.AccountFile`; a contract's name may be left out, its table has it."""
    document = msgspec.json.schema(AccountFile)
    document["$defs"]["Symbol"]["required"].remove("name")
    return {"$schema": DRAFT, "title": "A Tidegate account", **document}
