"""Turns the source of an expression into its syntax tree.

A precedence-climbing parser of its own over a fixed grammar, not Python's: what is not in the grammar
cannot be written, so there is no list of forbidden things to keep complete, and every error has an
exact position. Bounded: source length, depth of the tree, one pass, no backtracking. Results are
cached by source. The grammar, loosest first:

    conditional := or ["if" or "else" conditional]        or  := and ("or" and)*
    and         := not ("and" not)*                        not := "not" not | comparison
    comparison  := sum (("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in" | "is" ["not"] null) sum)*
    sum         := product (("+" | "-") product)*          product := unary (("*" | "/" | "//" | "%") unary)*
    unary       := ("-" | "+") unary | postfix             postfix := atom (".name" | ".0" | "[...]" | "?")*
    atom        := value | name | name "(" arguments ")" | "${...}" | "(" ... ")" | "[" ... "]" | "{" ... "}"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from engine.errors import ExpressionError
from engine.expression import syntax
from engine.expression.lexer import Kind, Token, tokens
from engine.expression.paths import Path
from engine.expression.syntax import Expr

MAX_SOURCE_BYTES: Final = 4096
MAX_DEPTH: Final = 50
_CONSTANTS: Final = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A parsed expression.

    `reference_nodes` are its `${...}` as they stand in the tree, `references` their paths and `names` its
    plain names, each once; all in the order of the source.
    """

    source: str
    tree: Expr
    reference_nodes: tuple[syntax.Reference, ...]
    references: tuple[Path, ...]
    names: tuple[str, ...]


@lru_cache(maxsize=16_384)
def parse(source: str) -> Expression:
    """The syntax tree of `source`. Raises ExpressionError with the position of the first fault."""
    if len(source.encode("utf-8", "surrogatepass")) > MAX_SOURCE_BYTES:
        raise ExpressionError(f"the expression is longer than {MAX_SOURCE_BYTES} bytes", source=source)
    tree = _Parser(source).whole()
    depth, nodes = syntax.survey(tree)
    if depth > MAX_DEPTH:
        raise ExpressionError(f"the expression is nested deeper than {MAX_DEPTH} levels", source=source)
    reference_nodes = tuple(node for node in nodes if type(node) is syntax.Reference)
    return Expression(
        source=source,
        tree=tree,
        reference_nodes=reference_nodes,
        references=tuple(dict.fromkeys(node.path for node in reference_nodes)),
        names=tuple(dict.fromkeys(node.name for node in nodes if type(node) is syntax.Name)),
    )


class _Cursor:
    """The tokens of one source and the place reached in them."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens = tokens(source)
        self._at = 0

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._peek()
        return token.text in texts and token.kind in (Kind.OPERATOR, Kind.NAME)

    def _expect(self, text: str) -> Token:
        if not self._is(text):
            self._fail_here(text)
        return self._next()

    def _fail(self, message: str, position: int | None = None) -> NoReturn:
        raise ExpressionError(
            message, source=self._source, position=self._peek().position if position is None else position
        )

    def _fail_here(self, expected: str) -> NoReturn:
        found = self._peek()
        where = "the end" if found.kind is Kind.END else found.text
        self._fail(f"{expected} is expected, but here is {where}")


class _Parser(_Cursor):
    """Recursive descent; a method reads what the grammar above gives its name."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self._level = 0

    def whole(self) -> Expr:
        if self._peek().kind is Kind.END:
            self._fail("the expression is empty")
        tree = self._conditional()
        if self._peek().kind is not Kind.END:
            self._fail_here("an operator")
        return tree

    def _conditional(self) -> Expr:
        self._level += 1
        if self._level > MAX_DEPTH:
            self._fail(f"the expression is nested deeper than {MAX_DEPTH} levels")
        tree = self._or()
        if self._is("if"):
            self._next()
            test = self._or()
            self._expect("else")
            otherwise = self._conditional()
            tree = syntax.Conditional(test=test, then=tree, otherwise=otherwise, position=tree.position)
        self._level -= 1
        return tree

    def _or(self) -> Expr:
        return self._bool_op("or", self._and)

    def _and(self) -> Expr:
        return self._bool_op("and", self._not)

    def _bool_op(self, operator: str, operand: Callable[[], Expr]) -> Expr:
        first = operand()
        if not self._is(operator):
            return first
        operands = [first]
        while self._is(operator):
            self._next()
            operands.append(operand())
        return syntax.BoolOp(operator=operator, operands=tuple(operands), position=first.position)

    def _not(self) -> Expr:
        prefixes = []
        while self._is("not"):
            prefixes.append(self._next())
        return self._prefixed(prefixes, self._comparison())

    def _comparison(self) -> Expr:
        first = self._sum()
        rest = []
        while (operator := self._comparison_operator()) is not None:
            kind, is_identity = operator
            right = self._sum()
            if is_identity and not (isinstance(right, syntax.Literal) and right.value is None):
                self._fail("is compares with null only; write == or !=", right.position)
            rest.append((kind, right))
        if not rest:
            return first
        return syntax.Compare(first=first, rest=tuple(rest), position=first.position)

    def _comparison_operator(self) -> tuple[str, bool] | None:
        if self._is("==", "!=", "<", "<=", ">", ">=", "in"):
            return self._next().text, False
        if self._is("not"):
            self._next()
            self._expect("in")
            return "not in", False
        if self._is("is"):
            self._next()
            if self._is("not"):
                self._next()
                return "!=", True
            return "==", True
        return None

    def _sum(self) -> Expr:
        return self._binary(("+", "-"), self._product)

    def _product(self) -> Expr:
        return self._binary(("*", "/", "//", "%"), self._unary)

    def _binary(self, operators: tuple[str, ...], operand: Callable[[], Expr]) -> Expr:
        left = operand()
        while self._is(*operators):
            operator = self._next()
            left = syntax.Binary(
                operator=operator.text, left=left, right=operand(), position=operator.position
            )
        return left

    def _unary(self) -> Expr:
        prefixes = []
        while self._is("-", "+"):
            prefixes.append(self._next())
        return self._prefixed(prefixes, self._postfix())

    def _prefixed(self, prefixes: list[Token], operand: Expr) -> Expr:
        for token in reversed(prefixes):
            if (
                token.text == "-"
                and isinstance(operand, syntax.Literal)
                and type(operand.value) in (int, float)
            ):
                operand = syntax.Literal(value=-operand.value, position=token.position)  # type: ignore[operator]
                continue
            operand = syntax.Unary(operator=token.text, operand=operand, position=token.position)
        return operand

    def _postfix(self) -> Expr:
        tree = self._atom()
        while True:
            token = self._peek()
            if token.kind is Kind.ITEM and isinstance(token.value, int):
                self._next()
                index = syntax.Literal(value=token.value, position=token.position)
                tree = syntax.Index(value=tree, index=index, position=token.position)
            elif self._is("."):
                self._next()
                if self._peek().kind is not Kind.NAME:
                    self._fail_here("the name of a field")
                tree = syntax.Attribute(value=tree, name=self._next().text, position=token.position)
            elif self._is("["):
                tree = self._subscript(tree)
            elif self._is("?"):
                self._next()
                if not isinstance(tree, syntax.Name | syntax.Attribute | syntax.Index):
                    self._fail("? can only follow a name, a field or an item", token.position)
                tree = syntax.Optional(value=tree, position=tree.position)
            elif self._is("("):
                self._fail("only the functions of the table can be called, not a value", token.position)
            else:
                return tree

    def _subscript(self, value: Expr) -> Expr:
        position = self._next().position
        lower = None if self._is(":") else self._conditional()
        if not self._is(":"):
            self._expect("]")
            assert lower is not None
            return syntax.Index(value=value, index=lower, position=position)
        self._next()
        upper = None if self._is("]") else self._conditional()
        self._expect("]")
        return syntax.Slice(value=value, lower=lower, upper=upper, position=position)

    def _atom(self) -> Expr:
        token = self._peek()
        match token.kind:
            case Kind.VALUE:
                self._next()
                return syntax.Literal(value=token.value, position=token.position)  # type: ignore[arg-type]
            case Kind.REFERENCE:
                self._next()
                assert token.path is not None
                return syntax.Reference(path=token.path, default=token.value, position=token.position)
            case Kind.NAME if token.text not in _RESERVED:
                return self._name(self._next())
            case Kind.OPERATOR if token.text == "(":
                return self._parenthesised(self._next())
            case Kind.OPERATOR if token.text == "[":
                self._next()
                return syntax.ListExpr(items=self._items("]"), position=token.position)
            case Kind.OPERATOR if token.text == "{":
                return self._dict(self._next())
            case _:
                self._fail_here("a value")

    def _name(self, token: Token) -> Expr:
        if token.text in _CONSTANTS:
            return syntax.Literal(value=_CONSTANTS[token.text], position=token.position)
        if not self._is("("):
            return syntax.Name(name=token.text, position=token.position)
        self._next()
        return syntax.Call(function=token.text, arguments=self._items(")"), position=token.position)

    def _parenthesised(self, token: Token) -> Expr:
        if self._is(")"):
            self._next()
            return syntax.ListExpr(items=(), position=token.position)
        first = self._conditional()
        if self._is(","):
            self._next()
            return syntax.ListExpr(items=(first, *self._items(")")), position=token.position)
        self._expect(")")
        return first

    def _items(self, closing: str) -> tuple[Expr, ...]:
        items: list[Expr] = []
        while not self._is(closing):
            items.append(self._conditional())
            if not self._is(","):
                break
            self._next()
        self._expect(closing)
        return tuple(items)

    def _dict(self, token: Token) -> Expr:
        items: list[tuple[Expr, Expr]] = []
        while not self._is("}"):
            key = self._conditional()
            self._expect(":")
            items.append((key, self._conditional()))
            if not self._is(","):
                break
            self._next()
        self._expect("}")
        return syntax.DictExpr(items=tuple(items), position=token.position)
