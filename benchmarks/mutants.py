"""Mutants: the syntax tree of a module with one small change."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SWAPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.RShift: ast.LShift, ast.LShift: ast.RShift, ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}  # fmt: skip
_LEFT_ALONE = frozenset(("annotation", "returns", "decorator_list", "type_params", "exc", "cause", "msg"))
"""Fields of the tree without effect, or that only people read, such as messages of exceptions."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change; its tree is valid only until the next mutant is requested."""

    line: int
    change: str
    tree: ast.Module


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module's source, in the order of its syntax tree."""
    tree = ast.parse(source)
    for parent, field, place in _places(tree):
        original = _get(parent, field, place)
        for replacement in _replacements(original):
            ast.copy_location(replacement, original)
            _set(parent, field, place, replacement)
            ast.fix_missing_locations(tree)
            line = getattr(original, "lineno", None) or original.iter.lineno  # a comprehension has no line number
            yield Mutant(line, f"{_text(original)}  ->  {_text(replacement)}", tree)
            _set(parent, field, place, original)


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Yield each place in a tree that holds a node: its parent, the field, and its position if the field is a list."""
    for field, value in ast.iter_fields(node):
        if field in _LEFT_ALONE or isinstance(node, ast.JoinedStr):
            continue
        for place, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST) and not _is_docstring(child):
                yield node, field, place
                yield from _places(child)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    yield from _other_values(node)
    yield from _other_operations(node)
    yield from _other_steps(node)


def _other_operations(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=[op, *others]) if type(op) in _SWAPPED:
            yield ast.Compare(node.left, [_SWAPPED[type(op)](), *others], node.comparators)
        case ast.BoolOp(op=op):
            yield ast.BoolOp(_SWAPPED[type(op)](), node.values)
        case ast.BinOp(op=op) if type(op) in _SWAPPED:
            yield ast.BinOp(node.left, _SWAPPED[type(op)](), node.right)
        case ast.AugAssign(op=op) if type(op) in _SWAPPED:
            yield ast.AugAssign(node.target, _SWAPPED[type(op)](), node.value)
        case ast.UnaryOp(op=ast.Not()):
            yield node.operand


def _other_values(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str(value)):
            yield ast.Constant(f"{value}X")
        case ast.Constant(value=bytes(value)):
            yield ast.Constant(value + b"X")


def _other_steps(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If(test=test) if not isinstance(test, ast.UnaryOp):
            yield ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Call(keywords=[_, *_]):
            for left_out in node.keywords:
                yield ast.Call(node.func, node.args, [each for each in node.keywords if each is not left_out])
        case ast.comprehension(ifs=[_, *_]):
            yield ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.Return(value=ast.AST()) if not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield ast.Return(None)
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _get(parent: ast.AST, field: str, place: int | None) -> Any:
    value = getattr(parent, field)
    return value if place is None else value[place]


def _set(parent: ast.AST, field: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node


def _text(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= 70 else f"{text[:67]}..."
