"""The look-alike's functions take, refuse and raise at arguments as the package does; `nox -s wine` asks it of both."""

import inspect

from typing import Any

import pytest

import brokers.mt5.lookalike as m

from brokers.mt5.lookalike.client import LINE
from tests.asked import answer, scope
from tests.probes import questions

BIG = "OverflowError('Python int too large to convert to C long')"
ARGUMENTS = (-2, "Invalid arguments")
PENDING = "returned a result with an exception set"
NO_LINE = (-10004, "No IPC connection")


@pytest.fixture(autouse=True)
def not_connected() -> None:
    """Begin without a terminal."""
    LINE.close()
    m.shutdown()


def ask(expression: str) -> tuple[str, Any]:
    """Return the answer to a question and the last error after it."""
    return answer(expression, scope(m)), m.last_error()


@pytest.mark.parametrize(
    ("expression", "cause", "error"),
    [
        ("m.positions_get(ticket=-1)", "can't convert negative int to unsigned", (-2, 'Invalid "ticket" argument')),
        ("m.positions_get(ticket=2**64)", "int too big to convert", (-2, 'Invalid "ticket" argument')),
        ("m.order_send(action=-1)", "can't convert negative value to unsigned int", (-2, 'Invalid "action" argument')),
        ("m.order_send(expiration=2**63)", "int too big to convert", (-2, 'Invalid "expiration" argument')),
        ("m.copy_rates_from_pos('X', 2**31, 0, 1)", BIG, ARGUMENTS),
        ("m.copy_rates_from('X', 1, 2**31, 1)", BIG, NO_LINE),
        (
            "m.history_deals_total(dt.datetime(1970, 1, 1), 2)",
            "OSError(22, 'Invalid argument')",
            (-2, "Invalid arguments"),
        ),
        ("m.history_deals_total(2**31, now)", f"datetime.datetime object at 0x> {PENDING}", ARGUMENTS),
        ("m.order_calc_margin(None, 'X', 1, 1)", "argument 1 must be int, not None", ARGUMENTS),
        ("m.order_calc_margin(0, 'X', '1', 1)", "must be real number, not str", ARGUMENTS),
        ("m.symbol_select('X', Raises())", "ArithmeticError('bool asked')", ARGUMENTS),
    ],
)
def test_an_exception_left_behind_comes_out_as_a_system_error(expression: str, cause: str, error: Any) -> None:  # noqa: ANN401 - code and text
    """The interpreter finds the exception when the built-in returns, and the last error stays as the C code set it."""
    told, left = ask(expression)

    assert told.startswith(f"raised SystemError SystemError('<built-in function {expression[2:].partition('(')[0]}>")
    assert cause in told.partition(" because ")[2]
    assert error == left


@pytest.mark.parametrize(
    ("expression", "result", "error"),
    [
        ("m.symbol_info()", "NoneType None", ARGUMENTS),
        ("m.symbol_select('X', True, 1)", "bool False", ARGUMENTS),
        ("m.login(0, 'a', 'b')", "bool False", (-2, 'Invalid "login" argument')),
        ("m.initialize('')", "bool False", (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")),
        ("m.initialize('a\\x00b')", "bool False", (-10003, "IPC initialize failed, Process create failed 'a'")),
        ("m.initialize(path=None, login=None)", "bool False", (-2, 'Invalid "login" argument')),
        ("m.initialize(server=None, password=None)", "bool False", (-2, 'Invalid "server" argument')),
        ("m.symbols_get('x' * 1998)", "bool False", (-2, "Invalid 1st unnamed argument")),
        ("m.positions_get(group='x' * 1998)", "NoneType None", (-2, 'Invalid "group" argument')),
        ("m.history_deals_get(1, ticket=1)", "NoneType None", (-2, "Unnamed arguments not allowed")),
        ("m.history_deals_get(1, group='*')", "NoneType None", ARGUMENTS),
        ("m.history_deals_get(float('nan'), 1)", "NoneType None", NO_LINE),
        ("m.history_deals_get(dt.date(2024, 1, 1), 1)", "NoneType None", ARGUMENTS),
        ("m.order_send({}, x=1)", "NoneType None", (-2, "Unnamed arguments not allowed")),
        ("m.order_send(request=base)", "NoneType None", NO_LINE),
        ("m.order_send(dict(base, symbol='\\U0001f600' * 14 + 'x'))", "NoneType None", NO_LINE),
        ("m.order_send(dict(base, symbol='\\U0001f600' * 15))", "NoneType None", (-2, 'Invalid "symbol" argument')),
        ("m.order_send(dict(base, volume=1))", "NoneType None", (-2, 'Invalid "volume" argument')),
        ("m.order_send(dict(base, magic=True))", "NoneType None", NO_LINE),
        ("m.order_send(types.MappingProxyType(base))", "NoneType None", ARGUMENTS),
    ],
)
def test_an_argument_is_taken_or_refused_by_code(expression: str, result: str, error: Any) -> None:  # noqa: ANN401 - code and text
    """What the package refuses by code, or takes and then finds no terminal, so does the look-alike."""
    assert (result, error) == ask(expression)


def test_a_path_beyond_ascii_makes_the_last_error_unreadable() -> None:
    """The text is in the code page of Windows, and last_error reads it as UTF-8."""
    m.initialize("C:\\josé\\terminal64.exe")

    with pytest.raises(UnicodeDecodeError):
        m.last_error()


def test_functions_are_taken_for_built_in_ones() -> None:
    """A look-alike's function shows itself, documents itself and hides its signature as a built-in does."""
    first_line = 'positions_get([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"])'

    assert repr(m.positions_get) == "<built-in function positions_get>"
    assert first_line == str(m.positions_get.__doc__).splitlines()[0]
    assert inspect.isbuiltin(m.positions_get)
    with pytest.raises(ValueError, match="no signature found"):
        inspect.signature(m.positions_get)


def test_the_module_names_what_the_package_has() -> None:
    """The files behind the look-alike do not show in its dir, and neither do the package's unsafe helpers."""
    assert set() == {"arguments", "client", "Buy", "Sell", "Close", "Path"} & set(dir(m))
    assert "__author__" in dir(m)


def test_every_question_has_an_answer_and_none_is_an_accident() -> None:
    """Tens of thousands of questions run against the look-alike without an exception of its own making."""
    asked = questions()
    names = scope(m)
    own = [q for q in asked[::7] if "lookalike" in answer(q, names) and "inspect" not in q]

    assert len(asked) > 50_000
    assert own == []
