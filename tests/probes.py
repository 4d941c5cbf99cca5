"""Questions about the package that need no terminal: every function, argument and structure with every kind of value.

`questions()` makes them all, as expressions for `tests/asked.py`. What the real package says is not recorded here: it
is asked again, under Wine, by `nox -s wine`.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

VALUES = (
    *("None", "True", "False", "0", "1", "-1", "2**31-1", "2**31", "2**32-1", "2**32", "2**63-1", "2**63", "2**64-1"),
    *("2**64", "-2**31", "-2**31-1", "-2**63", "-2**63-1", "10**30", "10**400", "0.0", "1.0", "1.5", "-1.5", "-0.0"),
    *("float('nan')", "float('inf')", "-float('inf')", "1e300", "2.0**31", "2.0**32", "2.0**63", "-2.0**63"),
    *("'EURUSD'", "''", "'1'", "'E' * 29", "'E' * 30", "'E' * 31", "'E' * 32", "'é' * 29", "'é' * 30", "'a\\x00b'"),
    *("'\\U0001f600' * 14", "'\\U0001f600' * 14 + 'x'", "'\\U0001f600' * 15", "'\\ud800'", "'\\ud800' * 29"),
    *("'\\ud800' * 30", "'\\x00'", "'x' * 252", "'x' * 253", "'x' * 254", "'x' * 300", "'x' * 70000"),
    *("b'EURUSD'", "bytearray(b'EURUSD')", "memoryview(b'EURUSD')", "S('EURUSD')", "S('E' * 30)", "np.str_('EURUSD')"),
    *("np.int64(1)", "np.int32(1)", "np.int8(1)", "np.uint64(2**63)", "np.uint32(1)", "np.int64(2**40)"),
    *("np.float64(1.5)", "np.float64('nan')", "np.float32(1.5)", "np.bytes_(b'EURUSD')"),
    *("np.array(1)", "np.array('EURUSD')"),
    *("np.datetime64('2024-01-01')", "np.timedelta64(1, 's')", "np.datetime64('NaT')", "np.float16(1)"),
    *("dt.datetime(2024, 1, 1)", "now", "dt.date(2024, 1, 1)", "dt.time(1)", "dt.timedelta(1)", "T(2024, 1, 1)"),
    *("dt.datetime(1969, 12, 31, tzinfo=dt.UTC)", "dt.datetime(1900, 1, 1, tzinfo=dt.UTC)", "dt.datetime.max"),
    *("dt.datetime(1, 1, 1, tzinfo=dt.UTC)", "dt.datetime(9999, 12, 31, tzinfo=dt.UTC)", "dt.datetime.min"),
    *("dt.datetime(2040, 1, 1, tzinfo=dt.UTC)", "dt.datetime(2110, 1, 1, tzinfo=dt.UTC)", "dt.datetime(1960, 1, 1)"),
    *(
        "dt.datetime(2040, 1, 1)",
        "dt.datetime(3002, 1, 1)",
        "dt.datetime(1970, 1, 1)",
        "dt.datetime(2024, 1, 1, fold=1)",
    ),
    *("dt.datetime(2024, 1, 1, 0, 0, 0, 999999, dt.timezone(dt.timedelta(hours=5)))", "T(2024, 1, 1, tzinfo=dt.UTC)"),
    *("Decimal('1.5')", "Decimal('nan')", "Fraction(3, 2)", "1j", "[]", "()", "{}", "[1]", "(1,)", "{'a': 1}", "set()"),
    *(
        "object()",
        "I(1)",
        "I(2**70)",
        "I(-1)",
        "F(1.5)",
        "Index(1)",
        "Index(2**40)",
        "Index(1.5)",
        "Int(1)",
        "Float(1.5)",
    ),
    *(
        "Float(1)",
        "Float(F(1.5))",
        "Index(True)",
        "Index(I(1))",
        "Raises()",
        "Stamp()",
        "E.ONE",
        "range(3)",
        "iter([])",
    ),
    *("Ellipsis", "NotImplemented", "int", "len", "D()", "types.MappingProxyType({})", "types.SimpleNamespace()", "m"),
)
"""Every kind of value that someone may pass, as an expression."""

FEW = ("None", "0", "-1", "2**70", "1.5", "'EURUSD'", "'E' * 30", "Raises()", "now", "[]")
"""One of each behaviour, for what is asked of two arguments at once."""

GOOD = {
    "version": (),
    "shutdown": (),
    "last_error": (),
    "terminal_info": (),
    "account_info": (),
    "symbols_total": (),
    "orders_total": (),
    "positions_total": (),
    "symbols_get": ("'*'",),
    "symbol_info": ("'EURUSD'",),
    "symbol_info_tick": ("'EURUSD'",),
    "symbol_select": ("'EURUSD'", "True"),
    "market_book_add": ("'EURUSD'",),
    "market_book_get": ("'EURUSD'",),
    "market_book_release": ("'EURUSD'",),
    "copy_rates_from": ("'EURUSD'", "1", "now", "10"),
    "copy_rates_from_pos": ("'EURUSD'", "1", "0", "10"),
    "copy_rates_range": ("'EURUSD'", "1", "now", "now"),
    "copy_ticks_from": ("'EURUSD'", "now", "10", "-1"),
    "copy_ticks_range": ("'EURUSD'", "now", "now", "-1"),
    "order_calc_margin": ("0", "'EURUSD'", "0.1", "1.1"),
    "order_calc_profit": ("0", "'EURUSD'", "0.1", "1.1", "1.2"),
    "order_check": ("base",),
    "order_send": ("base",),
    "orders_get": (),
    "positions_get": (),
    "history_orders_total": ("now", "now"),
    "history_orders_get": ("now", "now"),
    "history_deals_total": ("now", "now"),
    "history_deals_get": ("now", "now"),
    "initialize": ("'C:\\\\no\\\\such.exe'",),
    "login": ("7", "'pw'", "'srv'"),
}
"""Every function with arguments in their places that it takes."""

REQUEST = (
    *("action", "magic", "order", "symbol", "volume", "price", "stoplimit", "sl", "tp", "deviation", "type"),
    *("type_filling", "type_time", "expiration", "comment", "position", "position_by", "nothing", ""),
)
CHOICE = ("symbol", "ticket", "group", "nothing")
PAST = ("group", "ticket", "position", "symbol", "date_from", "date_to", "nothing")
KEYWORDS = {
    "initialize": ("path", "login", "password", "server", "timeout", "portable", "nothing"),
    "login": ("login", "password", "server", "timeout", "nothing"),
    "symbols_get": ("group", "symbol", "nothing"),
    "orders_get": CHOICE,
    "positions_get": CHOICE,
    "history_orders_get": PAST,
    "history_deals_get": PAST,
    "order_check": tuple(name for name in REQUEST if name),
    "order_send": tuple(name for name in REQUEST if name),
}
"""The keywords of the functions that take them, and one that they do not know."""

STRUCTURES = {
    "Tick": 8,
    "OrderSendResult": 11,
    "TradePosition": 19,
    "BookInfo": 4,
    "AccountInfo": 28,
    "TradeOrder": 24,
    "OrderCheckResult": 9,
    "SymbolInfo": 96,
    "TerminalInfo": 22,
    "TradeDeal": 18,
    "TradeRequest": 17,
}


def call(name: str, places: Iterable[str], keywords: str = "") -> str:
    """Return the expression of a call."""
    return f"m.{name}({', '.join([*places, *([keywords] if keywords else [])])})"


def _places(name: str, good: tuple[str, ...]) -> Iterator[str]:
    """Ask every place for every value, any two places for bad ones, and every number of arguments."""
    for count in range(len(good) + 4):
        yield call(name, (*good, *["1"] * 4)[:count])
    for place in range(len(good)):
        for value in VALUES:
            yield call(name, (*good[:place], value, *good[place + 1 :]))
    for one, two in combinations(range(len(good)), 2):
        for first in FEW:
            for second in FEW:
                yield call(name, (*good[:one], first, *good[one + 1 : two], second, *good[two + 1 :]))
    if not good:
        yield from (call(name, (value,)) for value in VALUES)
    yield from (call(name, good, keywords) for keywords in ("nothing=1", "symbol='EURUSD'", "**{'': 1}"))
    yield call(name, (), "nothing=1")


def _keywords(name: str, known: tuple[str, ...]) -> Iterator[str]:
    """Ask every keyword for every value, alone and after the places, and any two keywords for bad ones."""
    good = GOOD[name]
    for word in known:
        for value in VALUES:
            yield call(name, (), f"**{{'{word}': {value}}}")
            if good and name not in {"order_send", "order_check"}:
                yield call(name, good, f"**{{'{word}': {value}}}")
        yield from (call(name, places, f"{word}=1") for places in (("1",), ("1", "2"), ("'a'",), ("now", "now", "now")))
    for one, two in combinations(known[:6], 2):
        for first in FEW:
            yield from (call(name, (), f"{one}={first}, {two}={second}") for second in FEW)
            yield from (call(name, (), f"{two}={second}, {one}={first}") for second in FEW[:3])


def _requests(name: str) -> Iterator[str]:
    """Ask a trade request every field for every value, in all the shapes of a dict."""
    for field in REQUEST:
        yield from (call(name, (f"dict(base, **{{'{field}': {value}}})",)) for value in VALUES)
    for one, two in combinations(REQUEST[:6], 2):
        for first in FEW:
            yield from (call(name, (f"dict(base, {one}={first}, {two}={second})",)) for second in FEW)
    shapes = (
        *("D(base)", "types.MappingProxyType(base)", "collections.UserDict(base)", "collections.OrderedDict(base)"),
        *("collections.defaultdict(int, base)", "list(base.items())", "D()", "{1: 2}", "{S('volume'): 1}"),
        *(
            "{b'volume': 1}",
            "{None: 1}",
            "{**base, 5: 1}",
            "collections.ChainMap(base)",
            "types.SimpleNamespace(**base)",
        ),
    )
    yield from (call(name, (shape,)) for shape in (*shapes, *VALUES))
    words = ("**base", "request=base", "request={}", "request=None", "request=5", "**D(base)", "volume=1")
    for word in words:
        yield from (call(name, places, word) for places in ((), ("base",), ("{}",), ("base", "base"), ("None",)))


def _structure(name: str, length: int) -> Iterator[str]:
    """Ask a structure how it is made, read, compared, copied and refused."""
    kind, row = f"m.{name}", f"range({length})"
    made = f"{kind}({row})"
    yield from (
        f"{kind}.{n}" for n in ("n_fields", "n_sequence_fields", "n_unnamed_fields", "__match_args__", "_fields")
    )
    yield from (f"{kind}.{n}" for n in ("__name__", "__qualname__", "__module__", "__doc__", "__mro__", "__bases__"))
    yield from (f"{kind}.{n}" for n in ("__slots__", "__dict__['n_fields']", "__basicsize__ > 0", "__text_signature__"))
    yield from (f"{kind}.{n}" for n in ("_asdict", "__reduce__", "__repr__", "_replace", "_make", "__class_getitem__"))
    yield from (kind, f"type({kind})", f"sorted({kind}.__dict__)", f"dir({kind})", f"bool({kind}.__flags__ & 1024)")
    yield from (f"{kind}({value})" for value in VALUES)
    yield from (f"{kind}({row}, {value})" for value in VALUES)
    yield from (f"{kind}({made}, {{}})", f"{kind}()", f"{kind}({row}, {{}}, 1)", f"{kind}({row}, {{'zz': 1}})")
    yield from (f"{kind}(sequence={row})", f"{kind}({row}, dict={{}})", f"{kind}(sequence={row}, dict={{'zz': 1}})")
    yield from (f"{kind}({row}, nothing=1)", f"{kind}(values={row})", f"{kind}(range({length}), dict=None)")
    yield from (f"{kind}(range({n}))" for n in (0, 1, length - 1, length + 1, length * 2))
    yield from (f"{kind}(x for x in {row})", f"{kind}(Raises() for x in {row})", f"{kind}({{x: x for x in {row}}})")
    yield from (
        f"{made}{end}" for end in ("", "[0]", "[-1]", f"[{length}]", "[1:3]", "[::-1]", "[Index(1)]", "['time']")
    )
    yield from (
        f"{made}{end}" for end in ("._asdict()", ".__reduce__()", ".count(1)", ".index(2)", ".nothing", ".__doc__")
    )
    yield from (f"{made} {how} tuple({row})" for how in ("==", "!=", "<", "<=", ">", ">=", "is", "+", "in"))
    yield from (f"tuple({row}) {how} {made}" for how in ("==", "!=", "<", "<=", ">", ">=", "+"))
    yield from (f"{made} {how} {made}" for how in ("==", "!=", "<", "+", "*", "-", "|"))
    yield from (f"{made} == list({row})", f"{made} * 2", f"2 * {made}", f"{made} == 1", f"3 in {made}", f"len({made})")
    yield from (f"hash({made}) == hash(tuple({row}))", f"isinstance({made}, tuple)", f"str({made})", f"f'{{{made}}}'")
    yield from (f"type(copy.copy({made}))", f"copy.copy({made})", f"copy.deepcopy({made})", f"copy.replace({made})")
    yield from (f"pickle.dumps({made}{level})" for level in ("", ", 0", ", 1", ", 2", ", 5"))
    yield from (f"bool({made})", f"list({made})", f"sorted({made})", f"json.dumps({made})", f"{made}.__class__")
    yield from (
        f"setattr({made}, 'nothing', 1)",
        f"delattr({made}, 'nothing')",
        f"op.setitem({made}, 0, 1)",
        f"vars({made})",
    )
    yield from (f"type('Sub', ({kind},), {{}})", f"setattr({kind}, 'nothing', 1)", f"{made}.__getnewargs__()")
    yield from (f"{made}.__reduce_ex__({n})" for n in (0, 2, 4))
    yield from (f"{made}._asdict({end})" for end in ("1", "a=1"))
    yield from (f"{kind}._asdict({end})" for end in ("1", "", made))
    yield from (
        f"{kind}(dict({row}))",
        f"len({kind}.__match_args__)",
        f"type({kind}.__match_args__)",
        f"{made}.__dict__",
    )
    yield f"[type({kind}.__dict__[x]).__name__ for x in {kind}.__match_args__]"
    yield f"[repr({kind}.__dict__[x]) for x in {kind}.__match_args__]"
    yield f"[{kind}.__dict__[x].__doc__ for x in {kind}.__match_args__]"
    yield f"[getattr({made}, x) for x in {kind}.__match_args__]"
    yield f"setattr({made}, {kind}.__match_args__[0], 1)"
    yield f"delattr({made}, {kind}.__match_args__[0])"


def _functions() -> Iterator[str]:
    """Ask what a function is, without calling it."""
    faces = (
        "__name__",
        "__qualname__",
        "__doc__",
        "__module__",
        "__text_signature__",
        "__class__",
        "__dict__",
    )
    for name in GOOD:
        yield from (f"m.{name}", f"type(m.{name})", f"callable(m.{name})", f"inspect.signature(m.{name})")
        yield from (f"m.{name}.{face}" for face in faces)
        yield from (
            f"setattr(m.{name}, 'nothing', 1)",
            f"hash(m.{name}) == hash(m.{name})",
            f"inspect.isbuiltin(m.{name})",
        )
        yield from (f"inspect.isroutine(m.{name})", f"inspect.isfunction(m.{name})", f"m.{name} == m.version")


def _module() -> Iterator[str]:
    """Ask the module for what it has, but for its unsafe helpers, its file and its extension."""
    inner = "{'Buy', 'Sell', 'Close', '_RawOrder', '_core'}"
    places = "{'__file__', '__path__', '__spec__', '__loader__', '__cached__', '__name__', '__package__', '__doc__'}"
    yield f"[x for x in dir(m) if x not in {inner}]"
    yield "sorted((k, v, type(v).__name__) for k, v in vars(m).items() if k.isupper())"
    yield from (f"m.__{name}__" for name in ("version", "author"))
    yield f"sorted(set(vars(m)) & {places})"


def questions() -> list[str]:
    """Return every question once, in a fixed order; what comes later does not depend on what came before."""
    asked: list[str] = [*_module(), *_functions()]
    for name, good in GOOD.items():
        asked.extend(_places(name, good))
    for name, known in KEYWORDS.items():
        asked.extend(_keywords(name, known))
    for name in ("order_check", "order_send"):
        asked.extend(_requests(name))
    for name, length in STRUCTURES.items():
        asked.extend(_structure(name, length))
    return list(dict.fromkeys(asked))
