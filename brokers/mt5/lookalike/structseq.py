"""Make a structure of the package's kind with the interpreter's own machinery, so that its habits need no imitation.

The package's structures are static `PyStructSequence` types to which it adds the method `_asdict`. CPython's C
interface makes the very same; a Python class would tell itself by its bases, its descriptors and its errors' texts.
"""

import ctypes
import gc

from collections.abc import Sequence
from typing import Any, Protocol

_api = ctypes.pythonapi


class _Field(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("doc", ctypes.c_char_p))


class _Description(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("doc", ctypes.c_char_p),
        ("fields", ctypes.POINTER(_Field)),
        ("in_sequence", ctypes.c_int),
    )


class _Method(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("body", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))


_NO_ARGUMENTS = 0x0004
"""METH_NOARGS of CPython."""

_ROOM: int = type.__dict__["__basicsize__"].__get__(type)
"""Bytes of the largest type object."""

_Body = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object, ctypes.c_void_p)


Structure = tuple[Any, ...]
"""A tuple of as many values as the structure has fields, each of them an attribute too."""


class Kind(Protocol):
    """The type of a structure."""

    __name__: str
    __match_args__: tuple[str, ...]

    def __call__(self, values: Sequence[Any], /) -> Structure:
        """Make a structure of its values in their order."""


def structure(name: str, doc: str, fields: str) -> Kind:
    """Return a new structure type with the named fields, which lives as long as the process, as the package's do."""
    names = fields.split()
    rows = (_Field * (len(names) + 1))(*[_Field(field.encode(), None) for field in names], _Field(None, None))
    description = _Description(name.encode(), doc.encode(), rows, len(names))
    room = ctypes.create_string_buffer(_ROOM)  # zeroes; no type object is larger
    initialise = _api.PyStructSequence_InitType2
    initialise.argtypes = (ctypes.c_void_p, ctypes.POINTER(_Description))
    initialise(room, description)
    _keep(rows, description, room)
    made: Any = ctypes.cast(room, ctypes.py_object).value
    _add_asdict(made)
    kind: Kind = made
    return kind


def _add_asdict(made: Any) -> None:  # noqa: ANN401 - a type that no checker knows
    """Give a structure the package's one method beyond a sequence's own."""

    def asdict(self: tuple[Any, ...], _nothing: object) -> dict[str, Any]:
        return dict(zip(made.__match_args__, self, strict=True))

    body = _Body(asdict)
    method = _Method(b"_asdict", ctypes.cast(body, ctypes.c_void_p), _NO_ARGUMENTS, None)
    describe = _api.PyDescr_NewMethod
    describe.argtypes, describe.restype = (ctypes.py_object, ctypes.POINTER(_Method)), ctypes.py_object
    (space,) = gc.get_referents(made.__dict__)  # the dict behind the read-only face: the type is ready, but still ours
    space["_asdict"] = describe(made, method)
    _api.PyType_Modified(ctypes.py_object(made))
    _keep(body, method)


def _keep(*things: object) -> None:
    """Let things live for ever: static types are never taken down, not even when the interpreter ends."""
    for thing in things:
        _api.Py_IncRef(ctypes.py_object(thing))
