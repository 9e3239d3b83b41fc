"""The changes that are made: cosmic-ray's, and two of ours for what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword
from parso.tree import BaseNode, NodeOrLeaf

Position = tuple[tuple[int, int], tuple[int, int]]

COMPARISONS = (
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
    *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
)
"""Each one's opposite, and the bound itself; the others are one of the two, or no order at all."""

ARITHMETIC = (
    *("Add_Sub", "Sub_Add", "Mul_FloorDiv", "Div_Mul", "FloorDiv_Mul", "Mod_FloorDiv"),
    *("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitOr"),
)
"""One for each; most of the others raise a TypeError at the first call."""

PLAIN = (
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("NumberReplacer", "ExceptionReplacer", "RemoveDecorator"),
)


class DropOperand(Operator):  # type: ignore[misc]
    """Leaves one operand of an `and` or an `or` out."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        """One for each operand."""
        if node.type in ("and_test", "or_test"):
            yield from ((one.start_pos, one.end_pos) for one in node.children[::2])

    def mutate(self, node: BaseNode, index: int) -> NodeOrLeaf:
        """`node` without its operand number `index`."""
        if index == 0:
            node.children[2].get_first_leaf().prefix = node.get_first_leaf().prefix
            del node.children[:2]
        else:
            del node.children[2 * index - 1 : 2 * index + 1]
        return node if len(node.children) > 1 else node.children[0]

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """For cosmic-ray's own tests."""
        return (Example("a and b", "b"), Example("a and b", "a", occurrence=1))


class NegateIn(Operator):  # type: ignore[misc]
    """Exchanges `in` and `not in`."""

    def mutation_positions(self, node: NodeOrLeaf) -> Iterator[Position]:
        """One where `node` is a comparison with one of the two."""
        if node.type == "comparison" and _in(node):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: BaseNode, index: int) -> NodeOrLeaf:
        """`node` with the other one."""
        old = node.children[1]
        word = "in" if old.type == "comp_op" else "not in"
        node.children[1] = Keyword(word, old.start_pos, " ")
        return node

    @classmethod
    def examples(cls) -> Iterable[Example]:
        """For cosmic-ray's own tests."""
        return (Example("a in b", "a not in b"), Example("a not in b", "a in b"))


def _in(node: BaseNode) -> bool:
    return node.children[1].get_code().split() in (["in"], ["not", "in"])


def every() -> dict[str, Operator]:
    """All operators by name."""
    names = [
        *PLAIN,
        *(f"ReplaceComparisonOperator_{name}" for name in COMPARISONS),
        *(f"ReplaceBinaryOperator_{name}" for name in ARITHMETIC),
    ]
    known = {name: get_operator(f"core/{name}")() for name in names}
    return {**known, "DropOperand": DropOperand(), "NegateIn": NegateIn()}
