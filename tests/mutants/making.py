"""The mutants of a module, each by its operator and the number of the place it applies to."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from tests.mutants.modules import ROOT
from tests.mutants.operators import every
from tests.mutants.table import Mutant, side_by_side


def mutants(file: str) -> list[Mutant]:
    """All mutants of `file`, without those that can't change what the code does.

    These are the ones within an annotation (nothing calls it), within a decorator's call and a
    class' `frozen` (mypy holds what is frozen), within `if TYPE_CHECKING`, and the numbers that a
    constant of a module is made of: such a limit was chosen, and tests take it from the module.
    """
    source = (ROOT / file).read_text(encoding="utf-8")
    nodes = list(ast_nodes(get_ast(source)))
    without = list(_without_effect(ast.parse(source)))
    made = []
    for name, operator in every().items():
        places = [place for node in nodes for place in operator.mutation_positions(node)]
        for number, (start, end) in enumerate(places):
            if not any(first <= start and end <= last for first, last in without):
                made.append(Mutant(file, name, number))
    return made


def sample(files: Sequence[str], size: int, seed: int) -> list[Mutant]:
    """`size` mutants of `files` (all if 0), the same for the same seed, spread over the files."""
    chosen = random.Random(seed)
    each = [mutants(file) for file in files]
    for made in each:
        chosen.shuffle(made)
    spread = [mutant for mutant in chain(*zip_longest(*each)) if mutant]
    return spread[:size] if size else spread


def code(mutant: Mutant) -> str:
    """The source of the mutant; empty where it is no Python or changes nothing."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    mutated = mutate_code(source, every()[mutant.operator], mutant.occurrence)
    try:
        same = mutated is None or ast.dump(ast.parse(mutated)) == ast.dump(ast.parse(source))
    except SyntaxError:
        return ""
    return "" if same else str(mutated)


def change(mutant: Mutant, mutated: str) -> tuple[int, str, str]:
    """The line that changes, its text before and its text after; more lines stand side by side."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()
    lines = mutated.splitlines()
    matcher = difflib.SequenceMatcher(None, source, lines, autojunk=False)
    changed = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    first, last = changed[0], changed[-1]
    before, after = source[first[1] : last[2]], lines[first[3] : last[4]]
    return first[1] + 1, side_by_side(before), side_by_side(after)


def _without_effect(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    for node in ast.walk(tree):
        spans: list[ast.expr | None] = []
        if isinstance(node, ast.AnnAssign | ast.arg):
            spans = [node.annotation]
        elif isinstance(node, ast.FunctionDef):
            spans = [node.returns]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            spans = [node.test]
        elif isinstance(node, ast.Assign) and node in tree.body and _of_numbers(node.value):
            spans = [node.value]
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            calls = [one for one in node.decorator_list if isinstance(one, ast.Call)]
            spans += [keyword.value for call in calls for keyword in call.keywords]
        if isinstance(node, ast.ClassDef):
            spans += [one.value for one in node.keywords if one.arg == "frozen"]
        for span in filter(None, spans):
            end = (span.end_lineno or span.lineno, span.end_col_offset or 0)
            yield (span.lineno, span.col_offset), end


def _of_numbers(value: ast.expr) -> bool:
    """Whether the expression is a number, or one reckoned from others."""
    allowed = ast.Constant | ast.BinOp | ast.operator | ast.UnaryOp | ast.unaryop
    parts = list(ast.walk(value))
    numbers = [one.value for one in parts if isinstance(one, ast.Constant)]
    return all(isinstance(one, allowed) for one in parts) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in numbers
    )
