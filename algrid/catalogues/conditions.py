"""Conditions on datasets, as in ``n_classes == 2 and n_rows < 5000``: a small part of Python, evaluated without `eval`.

A fact that is not known is ``unknown``, and so is what depends on it, as NULL in SQL: ``n_rows < 5000`` of a dataset
with unknown rows is neither true nor false, and does not select it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from algrid.errors import GridError, unknown_name

__all__ = ["Condition"]

_LONGEST = 1000
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_ALLOWED = (
    "Allowed are names, numbers, texts and lists of them, comparisons (== != < <= > >= in, not in), and, or, not, and "
    "+ - * /."
)


class Condition:
    """A condition on named facts.

    Parameters
    ----------
    text : str
    names : collection of str
        Facts that it may ask for.

    Raises
    ------
    GridError
        If it is no condition, or asks for something else.
    """

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.text = text
        if len(text) > _LONGEST:
            raise GridError(f"the condition has {len(text)} characters; at most {_LONGEST} are read.")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise GridError(f"{text!r} is no condition ({getattr(error, 'msg', error)}). {_ALLOWED}") from error
        self._check(self._tree, names)

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether it is true for these facts (None for an unknown one).

        Raises
        ------
        GridError
            If it compares what can't be compared, or has another value than true and false.
        """
        try:
            value = self._value(self._tree, facts)
        except (TypeError, ZeroDivisionError, OverflowError) as error:
            raise GridError(f"{self.text!r} can't be evaluated ({error}).") from error
        if value is not None and not isinstance(value, bool):
            raise GridError(f"{self.text!r} is {value!r}, neither true nor false. Compare it with something.")
        return value is True

    def _check(self, node: ast.AST, names: Collection[str]) -> None:
        match node:
            case ast.Name(id=name):
                if name not in names:
                    raise GridError(unknown_name("fact", name, names))
                return
            case ast.Constant(value=value) if isinstance(value, bool | int | float | str):
                return
            case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.BoolOp() | ast.Tuple() | ast.List():
                pass
            case ast.Compare(ops=ops) if all(type(op) in _COMPARISONS for op in ops):
                pass
            case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
                pass
            case _:
                raise GridError(f"{ast.unparse(node)!r} can't be part of a condition. {_ALLOWED}")
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._check(child, names)

    def _value(self, node: ast.expr, facts: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one for each kind of node
        """The value of an expression; None for unknown."""
        match node:
            case ast.Name(id=name):
                return facts[name]
            case ast.Constant(value=value):
                return value
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return [self._value(item, facts) for item in items]
            case ast.BoolOp(op=op, values=values):
                return _joined([self._truth(value, facts) for value in values], either=isinstance(op, ast.Or))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                truth = self._truth(operand, facts)
                return None if truth is None else not truth
            case ast.UnaryOp(operand=operand):
                value = self._value(operand, facts)
                return None if value is None else -_number(value)
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self._value(left, facts), self._value(right, facts)
                return None if a is None or b is None else _ARITHMETIC[type(op)](_number(a), _number(b))
            case ast.Compare(left=left, ops=ops, comparators=others):
                values = [self._value(item, facts) for item in (left, *others)]
                return _joined([_compared(*pair) for pair in zip(ops, values[:-1], values[1:], strict=True)])
        raise AssertionError(ast.dump(node))  # pragma: no cover - `_check` lets nothing else in

    def _truth(self, node: ast.expr, facts: Mapping[str, Any]) -> bool | None:
        value = self._value(node, facts)
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"{ast.unparse(node)} is {value!r}, neither true nor false")
        return value


def _compared(op: ast.cmpop, left: Any, right: Any) -> bool | None:
    if left is None or right is None or (isinstance(right, list) and left not in right and None in right):
        return None
    return bool(_COMPARISONS[type(op)](left, right))


def _joined(values: list[bool | None], *, either: bool = False) -> bool | None:
    """Three-valued and (or): one that decides is enough, else one that is unknown leaves it unknown."""
    if either in values:
        return either
    return None if None in values else not either


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value
