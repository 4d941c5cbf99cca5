"""The plain halt, which is worked without the rest of the command line: one account, with its reason, by this machine.

Loading typer takes longer than a halt may. Whatever else is said with it goes the way of every other word.
"""

from runtime.operator.strike import strike

Halt = tuple[str, str, bool]
"""Account, reason, and whether the answer is JSON."""


def plain(arguments: list[str]) -> Halt | None:
    """Return the halt that words surely are; None for any others, be they understood or not.

    >>> plain(["halt", "demo", "--reason", "smoke"]), plain(["halt", "--json", "demo", "--reason=smoke"])
    (('demo', 'smoke', False), ('demo', 'smoke', True))
    >>> plain(["halt", "demo"]), plain(["halt", "demo", "--reason", "x", "--symbol", "GOLD"]), plain(["status", "demo"])
    (None, None, None)
    """
    if arguments[:1] != ["halt"]:
        return None
    rest, names, reason, as_json = arguments[1:], [], "", False
    while rest:
        word = rest.pop(0)
        if word == "--json":
            as_json = True
        elif word == "--reason" and rest:
            reason = rest.pop(0)
        elif word.startswith("--reason="):
            reason = word.partition("=")[2]
        else:
            names.append(word)
    if len(names) != 1 or names[0].startswith("-") or not reason.strip() or reason.startswith("-"):
        return None
    return names[0], reason.strip(), as_json


def blow(account: str) -> None:
    """Let nothing new leave an account, as far as its folder is known at once; the halt follows."""
    if strike(account):  # the folder itself was named
        return
    from config.folders import folder_of  # noqa: PLC0415 - what a blow at a folder need not wait for

    folder = folder_of(account)
    if folder is not None:
        strike(folder)


def work(halt: Halt) -> None:
    """Halt, and say what came of it."""
    from tidegate.changing import changed  # noqa: PLC0415 - the blow comes first

    account, reason, as_json = halt
    changed(account, "halt", reason, as_json=as_json)
