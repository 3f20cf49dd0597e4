"""Delete each single check of the SAML verifier in turn, and show which attack is then accepted.

    python tests/saml/delete_checks.py [--all]

A check is an ``if`` that refuses (or answers ``False`` or ``None`` to one that
does), each alternative of its condition, a refusal at a function's end or in an
``except``, and a call of a function that checks. First every attack runs once
and it is noted which lines it reaches. Then each check is taken out of the
code of its function, in memory, and the attacks that had reached it run again:

* ``accepted``  an attack is then accepted: the check alone stood against it;
* ``noticed``   no attack is accepted, for another check stands behind this one,
  but the reason is another, so a test fails;
* ``depth``     nothing changes, and the code says why the check is there all
  the same, in a comment ``# depth: why`` at it;
* ``UNNOTICED`` nothing changes, or no attack reaches it: the script fails.
"""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import sys
import time
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from saml_attacks import CASES, DEEDS, Case, Deed, verdict  # noqa: E402 - the path comes first

PACKAGE = "emrex_gateway.login.saml"
MODULES = (
    "_xml",
    "_message",
    "_signature",
    "_encryption",
    "_response",
    "_assertion",
    "_times",
    "_redirect",
    "_logout",
    "_login",
    "_parties",
    "_aggregate",
)
REFUSALS = ("Refused", "_failed")
ABSENT = ("_name_id", "SamlLogin.logout")
"""Functions whose ``None`` says that there is nothing, and is no refusal."""
CHECKS = ("check", "validate", "verif", "require")
Line = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: in which function, at which lines, and what the function is without it."""

    module: str
    function: str
    line: int
    reached: frozenset[int]
    what: str
    depth: bool
    through: bool
    without: ast.Module


# --- finding the checks ------------------------------------------------------------------


def _refuses(statement: ast.stmt) -> bool:
    """Tell whether a statement refuses, or says no to the function that does."""
    if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        return ast.unparse(statement.exc.func) in REFUSALS
    return (
        isinstance(statement, ast.Return)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value in (False, None)
    )


def _alternatives(test: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the condition's alternatives, each with the condition that is left without it."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        for number, value in enumerate(test.values):
            rest = [v for i, v in enumerate(test.values) if i != number]
            left = rest[0] if len(rest) == 1 else ast.BoolOp(ast.Or(), rest)
            yield ast.unparse(value), left
    inner = test.operand if isinstance(test, ast.UnaryOp) else None
    if isinstance(inner, ast.Compare) and len(inner.ops) == 2:
        low, middle, high = inner.left, *inner.comparators
        links = [(low, inner.ops[0], middle), (middle, inner.ops[1], high)]
        for gone, (left, op, right) in zip(links, reversed(links), strict=True):
            kept = ast.UnaryOp(ast.Not(), ast.Compare(left, [op], [right]))
            yield f"not {ast.unparse(ast.Compare(gone[0], [gone[1]], [gone[2]]))}", kept


class _Finder(ast.NodeVisitor):
    """Collects the checks of a module."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.lines = module, source.splitlines()
        self.tree = ast.parse(source)
        self.names: list[str] = []
        self.found: list[Check] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names.append(node.name)
        self._body(node)
        self.generic_visit(node)
        self.names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()

    def visit_If(self, node: ast.If) -> None:
        says_none = isinstance(node.body[-1], ast.Return) and ".".join(self.names) in ABSENT
        if any(map(_refuses, node.body)) and not says_none:
            lines = [b.lineno for b in node.body if _refuses(b)]
            what = f"if {ast.unparse(node.test)}"
            self._add(node, lines, what, lambda n: setattr(n, "test", ast.Constant(False)))
            for name, left in _alternatives(node.test):
                self._add(node, lines, f"   {name}", lambda n, x=left: setattr(n, "test", x))
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        for statement in node.body:
            if isinstance(statement, ast.Raise) and _refuses(statement):
                what = f"except {ast.unparse(node.type) if node.type else ''}"
                self._add(statement, [statement.lineno], what, None)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            name = ast.unparse(node.value.func).rpartition(".")[2].lstrip("_")
            if name.startswith(CHECKS):
                what = f"call {ast.unparse(node.value.func)}"
                self._add(node, [node.lineno], what, None, through=True)

    def _body(self, node: ast.FunctionDef) -> None:
        last = node.body[-1]
        if isinstance(last, ast.Raise) and _refuses(last) and len(node.body) > 1:
            self._add(last, [last.lineno], "at the end", None)

    def _add(
        self,
        node: ast.stmt,
        lines: list[int],
        what: str,
        change: Callable[[Any], None] | None,
        *,
        through: bool = False,
    ) -> None:
        whole = next(b for b in self.tree.body if b.lineno <= node.lineno <= (b.end_lineno or 0))
        tree = ast.Module([copy.deepcopy(whole)], [])
        for copied in ast.walk(tree):
            if type(copied) is type(node) and getattr(copied, "lineno", 0) == node.lineno:
                if change is not None:
                    change(copied)
                else:
                    _forget(tree, copied)
        around = self.lines[node.lineno - 2 : node.end_lineno]
        self.found.append(
            Check(
                self.module,
                ".".join(self.names),
                node.lineno,
                frozenset(lines),
                " ".join(what.split()) if not what.startswith(" ") else what,
                any("# depth:" in text for text in around),
                through,
                ast.fix_missing_locations(tree),
            )
        )


def _forget(tree: ast.Module, statement: ast.AST) -> None:
    """Replace a statement by ``pass``."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and statement in block:
                block[block.index(statement)] = ast.copy_location(ast.Pass(), statement)


def checks() -> list[Check]:
    """Return every check of the modules, in the order of the code."""
    found: list[Check] = []
    for name in MODULES:
        module = importlib.import_module(f"{PACKAGE}.{name}")
        finder = _Finder(name, inspect.getsource(module))
        finder.visit(finder.tree)
        found += sorted(finder.found, key=lambda check: check.line)
    return found


# --- running attacks ---------------------------------------------------------------------


def _outcome(case: Case | Deed) -> str:
    try:
        return verdict(case)
    except Exception as error:
        return f"crash ({type(error).__name__})"


def reached() -> dict[Line, list[Case | Deed]]:
    """Run every attack once; return the attacks by the lines of the verifier that they reach.

    A line whose call a refusal comes through is noted as ``(module, -line)``.
    """
    files = {importlib.import_module(f"{PACKAGE}.{name}").__file__: name for name in MODULES}
    by_line: dict[Line, list[Case | Deed]] = defaultdict(list)
    lines: set[Line] = set()

    def local(frame: types.FrameType, event: str, _: object) -> Any:
        name = files[frame.f_code.co_filename]
        if event in ("line", "exception"):
            lines.add((name, -frame.f_lineno if event == "exception" else frame.f_lineno))
        return local

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        return local if frame.f_code.co_filename in files else None

    before = sys.gettrace()
    for case in (*CASES, *DEEDS):
        lines.clear()
        sys.settrace(trace)
        try:
            outcome = _outcome(case)
        finally:
            sys.settrace(before)
        assert outcome == case.reason.value, f"{case.name}: {outcome}"
        for line in lines:
            by_line[line].append(case)
    return by_line


def _function(check: Check) -> tuple[types.FunctionType, Any]:
    """Return the function whose code holds the check, and its cache, if it has one."""
    holder: Any = importlib.import_module(f"{PACKAGE}.{check.module}")
    for name in check.function.split("."):
        holder = inspect.getattr_static(holder, name)
    cache = getattr(holder, "cache_clear", None)
    function = inspect.unwrap(holder)
    assert isinstance(function, types.FunctionType), check.function
    return function, cache


def _code(code: types.CodeType, qualified: str) -> types.CodeType | None:
    if code.co_qualname == qualified:
        return code
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return next((found for c in inner if (found := _code(c, qualified))), None)


@contextmanager
def _deleted(check: Check) -> Iterator[None]:
    """Run with the check taken out of its function's code."""
    function, clear = _function(check)
    made = _code(compile(check.without, "<a check deleted>", "exec"), check.function)
    assert made is not None, check.function
    kept = function.__code__
    function.__code__ = made
    with suppress(TypeError):
        clear()
    try:
        yield
    finally:
        function.__code__ = kept
        with suppress(TypeError):
            clear()


@dataclass(frozen=True, slots=True)
class Result:
    """What deleting a check does: ``accepted``, ``noticed``, ``depth`` or ``UNNOTICED``."""

    check: Check
    verdict: str
    case: str
    reached: int


def judge(check: Check, by_line: dict[Line, list[Case | Deed]]) -> Result:
    """Delete a check and run the attacks that had reached it."""
    sign = -1 if check.through else 1
    cases = {c.name: c for n in check.reached for c in by_line.get((check.module, sign * n), ())}
    noticed = ""
    with _deleted(check):
        for case in cases.values():
            outcome = _outcome(case)
            if outcome == "accepted":
                return Result(check, "accepted", case.name, len(cases))
            if outcome != case.reason.value:
                noticed = noticed or f"{case.name} -> {outcome}"
    if noticed:
        return Result(check, "noticed", noticed, len(cases))
    return Result(check, "depth" if check.depth else "UNNOTICED", "", len(cases))


def results() -> list[Result]:
    """Delete each check in turn."""
    by_line = reached()
    return [judge(check, by_line) for check in checks()]


def main() -> int:
    """Print the table; return 1 when a deleted check goes unnoticed."""
    started = time.monotonic()
    found = results()
    for result in found:
        check = result.check
        where = f"{check.module}:{check.line}"
        print(f"{result.verdict:9}  {where:18} {check.function}: {check.what}"[:150])
        if result.case:
            print(f"{'':9}    {result.case}")
    count = Counter(result.verdict for result in found)
    print(f"\n{len(found)} checks deleted, {len(CASES) + len(DEEDS)} attacks:", dict(count))
    print(f"{time.monotonic() - started:.0f} s")
    return 1 if count["UNNOTICED"] else 0


if __name__ == "__main__":
    sys.exit(main())
