"""Hold a document against a type: everything in it that cannot be read, by key path, in words for people.

msgspec stops at the first thing wrong, and does not name the key of a dict's value; a person mends a file in one go.
"""

import difflib
import json

from collections.abc import Iterator, Mapping
from itertools import repeat

import msgspec

from msgspec import inspect

from config.leaves import expected, fits, is_number, shown
from config.secrets import SecretRef


def problems(document: object, kind: type, path: str = "") -> Iterator[str]:
    """Yield `path: expected …, got …` for each thing in a document, which stands at `path`, that the type refuses."""
    return _check(document, inspect.type_info(kind), path)


def join(path: str, key: str) -> str:
    """Return the path of a key: dotted, quoted where TOML would quote it."""
    bare = key.replace("_", "").replace("-", "")
    word = key if bare.isascii() and bare.isalnum() else json.dumps(key).replace("\x7f", "\\u007f")
    return f"{path}.{word}" if path else word


def _check(value: object, kind: inspect.Type, path: str) -> Iterator[str]:
    kind = _meant(value, kind)
    match value, kind:
        case _, inspect.Metadata():
            yield from _check(value, kind.type, path)
        case _, inspect.UnionType(types=(one, inspect.NoneType()) | (inspect.NoneType(), one)):
            yield from _check(value, one, path)
        case dict(), inspect.UnionType() if tables := _tables(kind):
            yield from _one_of(value, tables, path)
        case dict(), inspect.StructType():
            yield from _struct(value, kind, path)
        case dict(), inspect.DictType() if len(value) >= (kind.min_length or 0):
            for key, item in value.items():
                yield from _check(item, kind.value_type, join(path, key))
        case list(), inspect.VarTupleType() if len(value) >= (kind.min_length or 0):
            yield from _items(value, repeat(kind.item_type), path)
        case list(), inspect.TupleType() if len(value) == len(kind.item_types):
            yield from _items(value, kind.item_types, path)
        case _, inspect.AnyType():
            yield from _anything(value, path)
        case _:
            yield from _leaf(value, kind, path)


def _meant(value: object, kind: inspect.Type) -> inspect.Type:
    """Return what a list can only be meant as, of several types; else the type as it stands."""
    several = kind.types if isinstance(value, list) and isinstance(kind, inspect.UnionType) else ()
    return next((one for one in several if isinstance(one, inspect.VarTupleType)), kind)


def _leaf(value: object, kind: inspect.Type, path: str) -> Iterator[str]:
    if not fits(value, kind):
        yield f"{path or 'the document'}: expected {expected(kind)}{_got(value, kind)}"


def _tables(kind: inspect.UnionType) -> dict[object, inspect.StructType]:
    """Return the tables a value may be: the only one, or those told apart by one key, by what that key says."""
    return {member.tag: member for member in kind.types if isinstance(member, inspect.StructType)}


def _one_of(value: Mapping[str, object], tables: Mapping[object, inspect.StructType], path: str) -> Iterator[str]:
    field = next(iter(tables.values())).tag_field
    given = value.get(field) if field else None
    if field is None:
        yield from _struct(value, tables[None], path)
    elif isinstance(given, str) and given in tables:
        yield from _struct({key: item for key, item in value.items() if key != field}, tables[given], path)
    else:
        words = " or ".join(f'"{tag}"' for tag in tables)
        yield f"{join(path, field)}: expected {words}, got {shown(given) if field in value else 'nothing'}"


def _struct(value: Mapping[str, object], kind: inspect.StructType, path: str) -> Iterator[str]:
    fields = {field.encode_name: field for field in kind.fields}
    wrong = [f"{join(path, key)}: unknown key{_nearest(key, fields)}" for key in value if key not in fields]
    for name, field in fields.items():
        if name in value:
            wrong.extend(_check(value[name], field.type, join(path, name)))
        elif field.required:
            wrong.append(f"{join(path, name)}: expected {expected(field.type)}, got nothing")
    if kind.cls is SecretRef:
        wrong = [problem.partition(", got ")[0] for problem in wrong]
    yield from wrong or _refusal(value, kind.cls, path)


def _refusal(value: Mapping[str, object], cls: type, path: str) -> Iterator[str]:
    """Ask the Struct itself: what its `__post_init__` does not take."""
    try:
        msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        yield f"{path or cls.__name__}: {str(error).partition(' - at `')[0]}"


def _items(value: list[object], kinds: "repeat[inspect.Type] | tuple[inspect.Type, ...]", path: str) -> Iterator[str]:
    for index, (item, kind) in enumerate(zip(value, kinds, strict=False)):
        yield from _check(item, kind, f"{path}[{index}]")


def _anything(value: object, path: str) -> Iterator[str]:
    """Look for numbers that are none, all the way down."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _anything(item, join(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _anything(item, f"{path}[{index}]")
    elif isinstance(value, int | float) and not isinstance(value, bool) and not is_number(value):
        yield f"{path}: expected a number, got {shown(value)}"


def _nearest(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    return f", did you mean `{near[0]}`?" if near else f", expected one of {', '.join(known)}"


def _got(value: object, kind: inspect.Type) -> str:
    secret = isinstance(kind, inspect.StructType) and kind.cls is SecretRef
    return "" if secret else f", got {shown(value)}"


def named_problems(name: str, table: Mapping[str, object], what: str, path: str) -> Iterator[str]:
    """Yield what is wrong with a name that must have a table of its own."""
    if name not in table:
        known = ", ".join(table) or "there is none"
        yield f'{path}: expected the name of a table under `{what}` ({known}), got "{name}"'
