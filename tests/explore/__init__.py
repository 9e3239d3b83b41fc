"""The engine explored state by state, on the cluster in memory (tests/memcluster).

What decides and writes is the product itself: the driver's turn, its memory, its writes, the
fence, the verbs. What the search adds is everything that may happen in between: kubelets and
controllers that are slow, processes that are killed before and after each write, writes that
land late, other clients who delete pods, and people who change their minds.

    python -m tests.explore --help
"""
