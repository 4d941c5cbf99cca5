"""What a kernel may contain: the subset on which plain Python and numba agree bit for bit, read off syntax trees."""

import ast

from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.floor_plan import Module

ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
OPERATORS = (*ARITHMETIC, ast.USub, ast.UAdd, ast.Not, ast.And, ast.Or)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If, ast.For, ast.Return, ast.Expr, ast.Break, ast.Continue)
EXPRESSIONS = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call),
    *(ast.Name, ast.Constant, ast.Subscript, ast.Tuple, ast.Attribute, ast.expr_context),
)
ALLOWED = (*OPERATORS, *COMPARISONS, *STATEMENTS, *EXPRESSIONS)

MATH_CALLS = {"sqrt", "exp", "log", "erf"}
MATH_NUMBERS = {"pi", "inf", "nan"}
BUILTIN_CALLS = {"int", "float", "abs", "len"}


class Names:
    """What the names at the top of a module mean to its kernels."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.kernels: set[str] = set()
        self.numbers: set[str] = set()
        self.math: set[str] = set()
        """Names of the module `math` itself."""
        self.functions: set[str] = set()
        """Functions imported from `math` by name."""

    def count(self) -> int:
        """Return how many names are known."""
        return len(self.kernels) + len(self.numbers) + len(self.math) + len(self.functions)


def broken_kernels(modules: Sequence[Module]) -> list[str]:
    """Complain of everything in a kernel on which Python and numba might disagree."""
    names = names_of(modules)
    return [
        f"{m.path}:{line} {function.name}: {complaint}"
        for m in modules
        for function in kernels_of(m)
        for line, complaint in complaints_of(function, names[m.name])
    ]


def kernels_of(module: Module) -> Iterator[ast.FunctionDef]:
    """Yield every function under `@kernel`, nested ones too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and any(_last(d) == "kernel" for d in node.decorator_list):
            yield node


def _last(node: ast.expr) -> str:
    return ast.unparse(node).split("(")[0].split(".")[-1]


def names_of(modules: Sequence[Module]) -> dict[str, Names]:
    """Return what each module's names mean; imports between modules are followed until nothing more is learnt."""
    known = {m.name: Names() for m in modules}
    while sum(_learn(m, known) for m in modules):
        pass
    return known


def _learn(module: Module, known: Mapping[str, Names]) -> int:
    """Read the top of a module in the light of what is known of others; return how many names were new."""
    names = known[module.name]
    before = names.count()
    names.kernels |= {f.name for f in kernels_of(module)}
    for node in module.tree.body:
        match node:
            case ast.Import(names=aliases):
                names.math |= {a.asname or a.name for a in aliases if a.name == "math"}
            case ast.ImportFrom(module="math", names=aliases):
                names.functions |= _taken(aliases, MATH_CALLS)
                names.numbers |= _taken(aliases, MATH_NUMBERS)
            case ast.ImportFrom(module=str(source), names=aliases) if source in known:
                names.kernels |= _taken(aliases, known[source].kernels)
                names.numbers |= _taken(aliases, known[source].numbers)
            case ast.Assign(targets=targets, value=value) if _is_number(value, names.numbers):
                names.numbers |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if _is_number(value, names.numbers):
                names.numbers.add(name)
            case _:
                pass
    return names.count() - before


def _taken(aliases: Sequence[ast.alias], offered: Collection[str]) -> set[str]:
    return {a.asname or a.name for a in aliases if a.name in offered}


def _is_number(node: ast.expr | None, numbers: Collection[str]) -> bool:
    """Tell whether a top-level value is a number, or numbers unpacked: it is computed once, by Python alone."""
    match node:
        case ast.Tuple(elts=parts):
            return all(_is_number(part, numbers) for part in parts)
        case ast.Constant(value=value):
            return type(value) in {int, float}
        case ast.BinOp(left=left, right=right):
            return _is_number(left, numbers) and _is_number(right, numbers)
        case ast.UnaryOp(operand=operand):
            return _is_number(operand, numbers)
        case ast.Call(func=function):
            return _last(function) in {*MATH_CALLS, "float", "int"}
        case ast.Name(id=name):
            return name in numbers
        case _:
            return isinstance(node, ast.Attribute) and node.attr in MATH_NUMBERS


def complaints_of(function: ast.FunctionDef, names: Names) -> Iterator[tuple[int, str]]:
    """Yield (line, complaint) of one kernel."""
    args = function.args
    if args.defaults or args.kw_defaults or args.kwonlyargs or args.posonlyargs or args.vararg or args.kwarg:
        yield function.lineno, "takes more than plain arguments"
    if len(function.decorator_list) > 1:
        yield function.lineno, "is decorated twice"
    own = {a.arg for a in args.args}
    own |= {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    for statement in body:
        yield from _complaints(statement, own, names)


def _complaints(node: ast.AST, own: set[str], names: Names) -> Iterator[tuple[int, str]]:
    line = getattr(node, "lineno", 0)
    if not isinstance(node, ALLOWED):
        yield line, f"{type(node).__name__} is no part of a kernel"
        return
    if complaint := _misuse(node, own, names):
        yield line, complaint
    for child in _inner(node):
        yield from _complaints(child, own, names)


def _misuse(node: ast.AST, own: set[str], names: Names) -> str:
    """Return what is wrong with a node of an allowed kind, or nothing."""
    match node:
        case ast.Constant(value=value) if type(value) not in {int, float, bool}:
            return f"{value!r} is no number"
        case ast.Expr(value=value) if not isinstance(value, ast.Call):
            return "has a statement that does nothing"
        case ast.For() if not _is_counted(node):
            return "loops over something else than range"
        case ast.Call() if node.keywords or not _may_call(node.func, own, names):
            return f"calls {ast.unparse(node)}"
        case ast.Attribute() if not (_is_math(node, names) and node.attr in MATH_NUMBERS):
            return f"reads {ast.unparse(node)}"
        case ast.Name(id=name) if name not in own | names.numbers:
            return f"reads {name}, which is no number of its own or of the module"
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if not isinstance(op, ARITHMETIC):
            return f"{type(op).__name__} is no part of a kernel"
        case _:
            return ""


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node that are still to be looked at."""
    match node:
        case ast.Call():
            yield from node.args
        case ast.For():
            yield from (node.target, *_range_of(node), *node.body, *node.orelse)
        case ast.AnnAssign():
            yield from (part for part in (node.target, node.value) if part is not None)
        case ast.BinOp():
            yield from (node.left, node.right)
        case ast.AugAssign():
            yield from (node.target, node.value)
        case ast.Attribute():
            return
        case _:
            yield from ast.iter_child_nodes(node)


def _is_counted(loop: ast.For) -> bool:
    return isinstance(loop.target, ast.Name) and bool(_range_of(loop)) and not loop.orelse


def _range_of(loop: ast.For) -> Sequence[ast.expr]:
    call = loop.iter
    counted = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "range"
    return call.args if counted and isinstance(call, ast.Call) and not call.keywords else ()


def _may_call(function: ast.expr, own: set[str], names: Names) -> bool:
    if isinstance(function, ast.Attribute):
        return _is_math(function, names) and function.attr in MATH_CALLS
    allowed = (BUILTIN_CALLS | names.kernels | names.functions) - own
    return isinstance(function, ast.Name) and function.id in allowed


def _is_math(node: ast.Attribute, names: Names) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in names.math
