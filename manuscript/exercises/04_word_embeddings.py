# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Exercise 04 · Word embeddings
#
# You turn a text into vectors twice: by counting who stands beside whom, and by guessing it. Then
# you ask your vectors for neighbours and analogies, and train a set of your own that knows a
# mother from a lion.
#
# | Task | | Difficulty | Minutes | Points |
# | --- | --- | --- | --- | --- |
# | 1 | `context_pairs` | ★ | 10 | 2 |
# | 2 | `ppmi` | ★★ | 10 | 3 |
# | 3 | `noise_distribution`, `draw_negatives` | ★ | 10 | 2 |
# | 4 | `skipgram_loss` | ★★★ | 15 | 4 |
# | 5 | `nearest` | ★★ | 10 | 2 |
# | 6 | `analogy` | ★★ | 10 | 2 |
# | 7 | vectors of your own | ★★★ | 15 | 3 |
# | 8 | in your own words | ★★ | 10 | 2 |
#
# **How it works.** Write your code where it says `YOUR CODE HERE`, run the cell, then the test
# cells below it. They say in words what is wrong. Your teacher keeps more tests, which ask the same
# of other numbers. At the end, restart the kernel and run all cells, or press *Validate*. A test
# that prints a warning in red counts as failed. None of your functions may change what it is given:
# work on copies.
#
# A word is a whole number here, its place in the vocabulary. `W.vocabulary` turns the number into
# the word, and `W.index` the word into the number.

# %% tags=["setup"]

# %%
import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F

from course_utils import datasets, plotting, training
from course_utils.checks import expect_array, expect_close, partial_credit
from course_utils.text import neighbour_pairs

SEED = training.seed_everything(0)


def read_books(books, at_least):
    """Some books of the King James Bible as numbers; rare words are left out."""
    verses = [v for v in datasets.kjv_bible() if re.match(r"\d?[A-Za-z]+", v.reference)[0] in books]
    texts = [re.findall(r"[a-z']+", verse.text.lower()) for verse in verses]
    often = Counter(word for words in texts for word in words)
    vocabulary = [word for word, n in often.most_common() if n >= at_least]
    index = {word: i for i, word in enumerate(vocabulary)}
    return SimpleNamespace(
        vocabulary=vocabulary,  # words, the most common first
        index=index,
        counts=torch.tensor([often[word] for word in vocabulary]),  # (n,), how often each occurs
        sentences=[[index[word] for word in words if word in index] for words in texts],
    )


BOOKS = "Ge Exo Lev Num Deu Josh Jdgs Ruth 1Sm 2Sm 1Ki 2Ki".split()  # Genesis to 2 Kings
W = read_books(BOOKS, at_least=15)
print(f"{len(W.sentences):,} verses, {sum(map(len, W.sentences)):,} words, {len(W.vocabulary):,} "
      "different ones")  # fmt: skip


def made_up(*shape, seed):
    """Random numbers of this shape, other ones for every seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1000 * SEED + seed))


# %% [markdown]
# ## Task 1 · Who stands beside whom (★, 10 minutes, 2 points)
#
# All learning here starts from pairs: a word, and a word at most `window` places to its left or to
# its right.
#
# `context_pairs(sentence, window)`
#
# - **in:** `sentence`, a list of word numbers, maybe empty, in which a word may occur more than
#   once; `window`, a whole number, at least 1
# - **out:** int64 tensor (m, 2), rows `(centre, neighbour)`. Every two **different places** that are
#   at most `window` apart give two rows, one with each of the two as the centre. The order of the
#   rows is yours to choose. With no pairs at all the shape is (0, 2), still int64

# %% tags=["solution"] id="context_pairs"
def context_pairs(sentence, window):
    """Pairs (m, 2) of a word and a neighbour within the window."""
    ### BEGIN SOLUTION
    words = torch.tensor(sentence, dtype=torch.int64)
    pairs = [torch.empty(0, 2, dtype=torch.int64)]
    for shift in range(1, min(window, len(words) - 1) + 1):
        one = torch.stack([words[:-shift], words[shift:]], dim=1)
        pairs += [one, one.flip(1)]
    return torch.cat(pairs)
    ### END SOLUTION


# %% tags=["test"] id="test_pairs" points=1
def sorted_rows(pairs):
    return sorted(map(tuple, pairs.tolist()))


def check_pairs(sentence, window, wanted):
    given = list(sentence)
    pairs = context_pairs(given, window)
    assert given == list(sentence), "your context_pairs changes the sentence: work on a copy"
    what = f"context_pairs({sentence if len(sentence) < 8 else '...'}, window={window})"
    assert isinstance(pairs, torch.Tensor), f"{what} should be a tensor, not {type(pairs).__name__}"
    assert pairs.dtype == torch.int64, f"{what} should hold int64 numbers, but it has {pairs.dtype}"
    assert pairs.shape[1:] == (2,), f"{what} should have shape (m, 2), not {tuple(pairs.shape)}"
    missing = Counter(wanted) - Counter(sorted_rows(pairs))
    surplus = Counter(sorted_rows(pairs)) - Counter(wanted)
    assert not missing, f"{what}: the pair {min(missing)} is missing, or is there too rarely"
    assert not surplus, f"{what}: the pair {min(surplus)} is one too many"


# By hand: 7 has 8 beside it, 8 has 7 and 9, 9 has 8.
check_pairs([7, 8, 9], 1, [(7, 8), (8, 7), (8, 9), (9, 8)])
beside_4 = [(4, 0), (4, 2), (0, 4), (2, 4)]
check_pairs([4, 0, 2, 3], 2, [*beside_4, (0, 2), (2, 0), (0, 3), (3, 0), (2, 3), (3, 2)])
### BEGIN HIDDEN TESTS
def close(sentence, window):
    n = range(len(sentence))
    return [(sentence[i], sentence[j]) for i in n for j in n if 0 < abs(i - j) <= window]


for sentence, window in (
    ([11, 5, 6, 3, 0, 9, 2], 3),
    (torch.randperm(40).tolist(), 5),
    (torch.randperm(30).tolist(), 1),
):
    check_pairs(sentence, window, close(sentence, window))
### END HIDDEN TESTS
print("Everyone knows their neighbours.")

# %% tags=["test"] id="test_pairs_edges" points=1
def check_edge(sentence, window, wanted, why):
    pairs = context_pairs(list(sentence), window)
    assert isinstance(pairs, torch.Tensor), f"{why}: this should still be a tensor"
    assert pairs.shape == (len(wanted), 2), (
        f"{why}: {sentence} with window {window} has {len(wanted)} pairs, so the shape should be "
        f"{(len(wanted), 2)}, but it is {tuple(pairs.shape)}"
    )
    assert pairs.dtype == torch.int64, f"{why}: int64 numbers are due, not {pairs.dtype}"
    got = sorted(map(tuple, pairs.tolist()))
    assert got == sorted(wanted), f"{why}: {sentence} with window {window} gives {got}"


twice = [(5, 6), (6, 5), (6, 5), (5, 6), (5, 5), (5, 5)]
check_edge([5, 6, 5], 2, twice, "a word that comes twice is its own neighbour")
check_edge([3, 1], 10, [(3, 1), (1, 3)], "the window may be wider than the sentence")
check_edge([3], 2, [], "one word alone has no neighbours")
### BEGIN HIDDEN TESTS
check_edge([], 3, [], "an empty sentence has no pairs")
check_edge([2, 2, 2, 2], 2, [(2, 2)] * 10, "a word may be repeated")
both = [(1, 0), (1, 1), (1, 4), (0, 1), (0, 4), (1, 4), (1, 0), (4, 0)]
both += [(0, 0)]
both += [(b, a) for a, b in both]
check_edge([1, 0, 1, 4, 0], 3, both, "a word that comes twice counts twice")
three = [(1, 0), (1, 2), (1, 4), (0, 2), (0, 4), (2, 4)]
three += [(b, a) for a, b in three]
check_edge([1, 0, 2, 4], 3, three, "a window as wide as the sentence")
### END HIDDEN TESTS
print("Short sentences and repeated words too.")

# %% tags=["wrong"] fails=["test_pairs", "test_pairs_edges"] why="looks to the right only"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [(sentence[i], sentence[j]) for i in range(n) for j in range(i + 1, min(n, i + window + 1))]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs", "test_pairs_edges"] why="a word is its own neighbour"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j])
        for i in range(n)
        for j in range(max(0, i - window), min(n, i + window + 1))
    ]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs"] why="range stops one too early on the right"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j])
        for i in range(n)
        for j in range(max(0, i - window), min(n, i + window))
        if j != i
    ]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs"] why="negative places wrap round to the end"
def context_pairs(sentence, window):
    pairs = []
    for i, word in enumerate(sentence):
        for j in range(i - window, i + window + 1):
            if j != i and -len(sentence) <= j < len(sentence):
                pairs.append((word, sentence[j]))
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs", "test_pairs_edges"] why="window counts both sides together"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j])
        for i in range(n)
        for j in range(n)
        if 0 < abs(i - j) <= window // 2
    ]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs_edges"] why="compares words, not places"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j])
        for i in range(n)
        for j in range(max(0, i - window), min(n, i + window + 1))
        if sentence[j] != sentence[i]
    ]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs_edges"] why="every pair once: the counts are lost"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = {
        (sentence[i], sentence[j]) for i in range(n) for j in range(n) if 0 < abs(i - j) <= window
    }
    return torch.tensor(sorted(pairs), dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs_edges"] why="finds a repeated word at its first place only"
def context_pairs(sentence, window):
    pairs = []
    for word in sentence:
        i = sentence.index(word)
        for j in range(max(0, i - window), min(len(sentence), i + window + 1)):
            if j != i:
                pairs.append((word, sentence[j]))
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["wrong"] fails=["test_pairs_edges"] why="no pairs: a tensor of shape (0,)"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j]) for i in range(n) for j in range(n) if 0 < abs(i - j) <= window
    ]
    return torch.tensor(pairs, dtype=torch.int64)


# %% tags=["wrong"] fails=["test_pairs_edges"] why="no pairs: a tensor of floats"
def context_pairs(sentence, window):
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j]) for i in range(n) for j in range(n) if 0 < abs(i - j) <= window
    ]
    return torch.tensor(pairs, dtype=torch.int64) if pairs else torch.empty(0, 2)


# %% tags=["wrong"] fails=["test_pairs"] why="puts the sentence in order: its places are gone"
def context_pairs(sentence, window):
    sentence.sort()
    n = len(sentence)
    pairs = [
        (sentence[i], sentence[j]) for i in range(n) for j in range(n) if 0 < abs(i - j) <= window
    ]
    return torch.tensor(pairs, dtype=torch.int64).view(-1, 2)


# %% tags=["right"] why="two loops over places"
def context_pairs(sentence, window):
    pairs = []
    for i, word in enumerate(sentence):
        around = sentence[max(0, i - window) : i] + sentence[i + 1 : i + 1 + window]
        pairs += [[word, other] for other in around]
    return torch.tensor(pairs, dtype=torch.int64).reshape(len(pairs), 2)


# %% tags=["right"] why="a table of distances between places"
def context_pairs(sentence, window):
    words = torch.as_tensor(sentence, dtype=torch.int64)
    place = torch.arange(len(words))
    apart = (place[:, None] - place).abs()
    i, j = ((apart > 0) & (apart <= window)).nonzero(as_tuple=True)
    return torch.stack((words[i], words[j]), dim=-1)


# %% [markdown]
# From here on the notebook uses its own pairs of the twelve books, with a window of 4 (no points for
# this cell). They are counted into a table $C$: `C[i, j]` says how often `j` stands beside `i`.

# %%
n = len(W.vocabulary)
W.pairs = neighbour_pairs(W.sentences, window=4)  # (m, 2)
W.C = torch.bincount(W.pairs[:, 0] * n + W.pairs[:, 1], minlength=n * n).view(n, n).float()
beside = W.C[W.index["bread"]].argsort(descending=True, stable=True)[:10]
print(f"{len(W.pairs):,} pairs. Beside 'bread':", [W.vocabulary[i] for i in beside])

# %% [markdown]
# ## Task 2 · More often than by chance (★★, 10 minutes, 3 points)
#
# *The* stands beside everything, and so says nothing. Compare each count with what chance alone
# would give. With $C_{i\cdot}$ for the sum of row $i$, $C_{\cdot j}$ for the sum of column $j$, and
# $C_{\cdot\cdot}$ for the sum of the whole table:
#
# $$\mathrm{PPMI}_{ij} = \max\!\left(0,\; \ln \frac{C_{ij}\, C_{\cdot\cdot}}
# {C_{i\cdot}\, C_{\cdot j}}\right)$$
#
# `ppmi(C)`
#
# - **in:** `C`, float tensor (n, m), counts, not all of them zero. The table need **not** be
#   symmetric. A whole row or column may be zero: a word that was never seen
# - **out:** float tensor (n, m), in nats, nowhere below 0; and 0 wherever $C_{ij} = 0$, also in the
#   empty rows and columns (the second test)

# %% tags=["solution"] id="ppmi"
def ppmi(C):
    """Positive pointwise mutual information (n, m), in nats, of counts C (n, m)."""
    ### BEGIN SOLUTION
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    ratio = torch.where(C > 0, C / chance, 1.0)  # ln 1 = 0
    return ratio.log().clamp(min=0)
    ### END SOLUTION


# %% tags=["test"] id="test_ppmi" points=2
# By hand: rows add up to 4 and 4, columns to 4, 2 and 2, the table to 8.
expect_close(
    ppmi(torch.tensor([[3.0, 0, 1], [1, 2, 1]])),
    [[np.log(1.5), 0, 0], [0, np.log(2), 0]],
    "the PPMI of a table of 2 by 3",
    "Natural logarithm of C_ij times the sum of all, over the row's sum times the column's sum; "
    "never below 0.",
    1e-5,
)


def some_counts(n, m, seed):
    return (5 * made_up(n, m, seed=seed).abs() ** 2).floor() + torch.eye(n, m)


def check_properties(n, m, seed):
    C = some_counts(n, m, seed)
    before = C.clone()
    value = ppmi(C)
    assert torch.equal(C, before), "your ppmi changes C: work on a copy"
    M = expect_array(value, (n, m), "PPMI")
    assert M.min() >= 0, f"PPMI is never below 0, but there is a {M.min():.3f}"
    assert (M[C.numpy() == 0] == 0).all(), "where the count is 0, PPMI is 0"
    expect_close(ppmi(7 * C), M, "PPMI of a text read seven times", "It is that of the text itself.")
    swapped = "PPMI of the table with rows and columns swapped"
    expect_close(ppmi(C.T.clone()), M.T, swapped, "Rows have their sums, columns have theirs.")


check_properties(6, 6, seed=1)
check_properties(4, 9, seed=5)
### BEGIN HIDDEN TESTS
def check_ppmi(n, m, seed):
    hint, C = "Row i has the sum of row i, column j its own.", some_counts(n, m, seed)
    rows, columns, total = C.sum(1).tolist(), C.sum(0).tolist(), float(C.sum())
    wanted = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            if C[i, j] > 0:
                wanted[i, j] = max(0, np.log(float(C[i, j]) * total / (rows[i] * columns[j])))
    expect_close(ppmi(C), wanted, "PPMI", hint)


check_ppmi(30, 30, seed=2)
check_ppmi(8, 13, seed=3)
check_ppmi(25, 4, seed=4)
### END HIDDEN TESTS
print("You can tell company from coincidence.")

# %% tags=["test"] id="test_ppmi_empty" points=1
def check_empty(C, wanted, what):
    value = ppmi(C.clone())
    assert value is not None, "ppmi returns None: does it end with 'return ...'?"
    bad = int((~torch.as_tensor(value).isfinite()).sum())
    assert bad == 0, (
        f"{what}: {bad} numbers are NaN or infinite. Where C is 0 there is ln 0, and in an empty "
        "row even 0/0."
    )
    expect_close(value, wanted, what, "Where nothing was counted, PPMI is 0.", 1e-5)


check_empty(
    torch.tensor([[2.0, 0, 0], [0, 0, 0], [0, 0, 2]]),
    [[np.log(2), 0, 0], [0, 0, 0], [0, 0, np.log(2)]],
    "a word that was never seen",
)
### BEGIN HIDDEN TESTS
check_empty(
    torch.tensor([[0.0, 1, 0, 3], [0, 0, 0, 0], [0, 3, 0, 1]]),
    [[0, 0, 0, np.log(1.5)], [0] * 4, [0, np.log(1.5), 0, 0]],
    "two empty columns and an empty row",
)
check_empty(
    torch.tensor([[0.0, 0, 0], [3, 0, 1], [1, 0, 1]]),
    [[0, 0, 0], [np.log(9 / 8), 0, 0], [0, 0, np.log(1.5)]],
    "a word that only others stand beside",
)
big = torch.tensor([[3e8, 0, 1e8], [0, 0, 0], [1e8, 0, 3e8]])
check_empty(big, [[np.log(1.5), 0, 0], [0] * 3, [0, 0, np.log(1.5)]], "large counts")
### END HIDDEN TESTS
print("And words never seen do no harm.")

# %% tags=["wrong"] fails=["test_ppmi"] why="PMI: keeps what is below 0"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    return torch.where(C > 0, C / chance, 1.0).log()


# %% tags=["wrong"] fails=["test_ppmi", "test_ppmi_empty"] why="bits instead of nats"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    return torch.where(C > 0, C / chance, 1.0).log2().clamp(min=0)


# %% tags=["wrong"] fails=["test_ppmi", "test_ppmi_empty"] why="rows only: log p(j|i), clamped"
def ppmi(C):
    p = C / C.sum(1, keepdim=True).clamp(min=1)
    return torch.where(C > 0, p * C.sum() / C.sum(1, keepdim=True).clamp(min=1), 1).log().clamp(min=0)


# %% tags=["wrong"] fails=["test_ppmi", "test_ppmi_empty"] why="takes row sums for column sums"
def ppmi(C):
    n, m = C.shape
    row = C.sum(1)
    column = row if n == m else C.sum(0)
    chance = row[:, None] * column / C.sum()
    return torch.where((C > 0) & (chance > 0), C / chance, 1.0).log().clamp(min=0)


# %% tags=["wrong"] fails=["test_ppmi", "test_ppmi_empty"] why="forgets the sum of all"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True)
    return torch.where(C > 0, C / chance, 1.0).log().clamp(min=0)


# %% tags=["wrong"] fails=["test_ppmi", "test_ppmi_empty"] why="adds 1 to every count"
def ppmi(C):
    C = C + 1
    return (C * C.sum() / (C.sum(1, keepdim=True) * C.sum(0, keepdim=True))).log().clamp(min=0)


# %% tags=["wrong"] fails=["test_ppmi"] why="takes the size, not the positive part"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    return torch.where(C > 0, C / chance, 1.0).log().abs()


# %% tags=["wrong"] fails=["test_ppmi"] why="divides C itself, in place"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    C /= chance.clamp(min=1e-12)
    return C.clamp(min=1).log()


# %% tags=["wrong"] fails=["test_ppmi_empty"] why="0/0 in an empty row"
def ppmi(C):
    chance = C.sum(1, keepdim=True) * C.sum(0, keepdim=True) / C.sum()
    return (C / chance).log().clamp(min=0)


# %% tags=["right"] why="probabilities first, and logarithms one by one"
def ppmi(C):
    p = C / C.sum()
    log_p, log_row, log_column = p.log(), p.sum(1).log(), p.sum(0).log()
    pmi = log_p - log_row[:, None] - log_column[None, :]
    return torch.nan_to_num(pmi, nan=0.0, neginf=0.0).relu()


# %% tags=["right"] why="only the pairs that occur, one after another"
def ppmi(C):
    M, rows, columns, total = torch.zeros_like(C), C.sum(dim=1), C.sum(dim=0), float(C.sum())
    for i, j in C.nonzero().tolist():
        lift = float(C[i, j]) / float(rows[i]) * (total / float(columns[j]))
        M[i, j] = np.log(lift) if lift > 1 else 0
    return M


# %% [markdown]
# What has your function found out about *bread*? (No points for this cell.) Words that occur fewer
# than 30 times are left out: rare words meet by accident.

# %%
lift = ppmi(W.C) * (W.counts >= 30)
for word in ("bread", "king", "sea", "mother"):
    best = lift[W.index[word]].argsort(descending=True, stable=True)[:8]
    print(f"{word:7}", [W.vocabulary[i] for i in best])

# %% [markdown]
# ## Task 3 · Words by chance (★, 10 minutes, 2 points)
#
# Skip-gram learns from real pairs and from made-up ones. For the made-up ones, words are drawn by
# chance, word $w$ with probability
#
# $$p(w) = \frac{\mathrm{count}(w)^{3/4}}{\sum_{w'} \mathrm{count}(w')^{3/4}}$$
#
# The power takes a little from the commonest words and gives it to the rare ones.
#
# `noise_distribution(counts)`
#
# - **in:** `counts`, int64 tensor (n,), how often each word occurs; zeros may be among them
# - **out:** float tensor (n,): $p$, adding up to 1
#
# `draw_negatives(p, m, K)`
#
# - **in:** `p`, float tensor (n,), probabilities; `m`, number of pairs; `K`, how many words for each
#   pair. `m * K` may be much larger than n
# - **out:** int64 tensor (m, K) of word numbers, every one drawn **independently** from `p`: a fresh
#   draw for every place, and at every call. The same word may come twice
#
# `torch.multinomial` draws by chance. Read about its `replacement`.

# %% tags=["solution"] id="noise_distribution"
def noise_distribution(counts):
    """Probabilities (n,) of the words drawn by chance."""
    ### BEGIN SOLUTION
    weight = counts.double() ** 0.75
    return (weight / weight.sum()).float()
    ### END SOLUTION


# %% tags=["test"] id="test_noise_distribution" points=1
hint = "Each count to the power 3/4, and then over the sum of those."
expect_close(  # by hand: the counts to the power 3/4 are 1, 8, 27 and 0
    noise_distribution(torch.tensor([1, 16, 81, 0])),
    [1 / 36, 8 / 36, 27 / 36, 0],
    "p for the counts 1, 16, 81 and 0",
    hint,
    1e-5,
)


def check_noise(counts):
    before = counts.clone()
    value = noise_distribution(counts)
    assert torch.equal(counts, before), "your noise_distribution changes the counts"
    p = expect_array(value, counts.shape, "p")
    assert abs(p.sum() - 1) < 1e-4, f"p should add up to 1, but it adds up to {p.sum():.4f}"
    wanted = np.array([int(n) ** 0.75 for n in counts])
    expect_close(p, wanted / wanted.sum(), "p", hint, 1e-5)


check_noise(torch.tensor([64_000, 3_000, 500, 20, 5]))
### BEGIN HIDDEN TESTS
check_noise(torch.tensor([7]))
check_noise(torch.tensor([3_000_000_000, 2, 0, 900_000]))
check_noise((1000 / (1 + torch.arange(300))).long() + 1)
### END HIDDEN TESTS
print("Rare words get a little more than their share.")

# %% tags=["wrong"] fails=["test_noise_distribution"] why="the power 1: plain shares"
def noise_distribution(counts):
    return counts / counts.sum()


# %% tags=["wrong"] fails=["test_noise_distribution"] why="divides first: does not add up to 1"
def noise_distribution(counts):
    return (counts / counts.sum()) ** 0.75


# %% tags=["wrong"] fails=["test_noise_distribution"] why="the power 4/3"
def noise_distribution(counts):
    weight = counts.double() ** (4 / 3)
    return weight / weight.sum()


# %% tags=["wrong"] fails=["test_noise_distribution"] why="softmax of the powers"
def noise_distribution(counts):
    return torch.softmax(counts.double() ** 0.75, dim=0)


# %% tags=["wrong"] fails=["test_noise_distribution"] why="all words alike"
def noise_distribution(counts):
    return torch.full(counts.shape, 1 / len(counts))


# %% tags=["wrong"] fails=["test_noise_distribution"] why="softmax of 3/4 log(count + 1)"
def noise_distribution(counts):
    return torch.softmax(0.75 * torch.log(counts + 1.0), dim=0)


# %% tags=["wrong"] fails=["test_noise_distribution"] why="rounds the powers to whole numbers"
def noise_distribution(counts):
    weight = (counts**0.75).long()
    return weight / weight.sum()


# %% tags=["right"] why="a softmax of 3/4 log(count)"
def noise_distribution(counts):
    return torch.softmax(0.75 * counts.float().log(), dim=0)


# %% tags=["right"] why="in numpy, twice a root"
def noise_distribution(counts):
    weight = np.sqrt(counts.numpy()) * np.sqrt(np.sqrt(counts.numpy()))
    return torch.from_numpy(weight / weight.sum())


# %% tags=["solution"] id="draw_negatives"
def draw_negatives(p, m, K):
    """Words (m, K) drawn independently from p (n,)."""
    ### BEGIN SOLUTION
    return torch.multinomial(p, m * K, replacement=True).view(m, K)
    ### END SOLUTION


# %% tags=["test"] id="test_draw" points=1
def check_draw(p, m, K):
    words = draw_negatives(p.clone(), m, K)
    expect_array(words, (m, K), "the words drawn")
    assert words.dtype == torch.int64, f"word numbers are int64, not {words.dtype}"
    assert 0 <= words.min() and words.max() < len(p), "there is a number that is no word"
    share = torch.bincount(words.flatten(), minlength=len(p)) / words.numel()
    sigma = (p * (1 - p) / words.numel()).sqrt()  # how much chance alone moves a share
    off = (share - p).abs() - 6 * sigma
    w = int(off.argmax())
    assert off[w] <= 1e-9, (
        f"word {w} has p = {p[w]:.3f}, but it is a share of {share[w]:.3f} of {words.numel():,} "
        "draws. Is each draw made from p, and put back (replacement) before the next?"
    )
    # Two draws agree with probability sum p²; so independent draws do in any two places.
    agree = float((p**2).sum())
    again = draw_negatives(p.clone(), m, K)
    for other, what in (
        (words.roll(1, 0), "two neighbouring pairs have the same words: each draws its own"),
        (words.roll(1, 1), "the words of one pair are alike: each of the K is drawn by itself"),
        (again, "two calls draw the same words: do you set a seed in the function?"),
    ):
        same = float((words == other).float().mean())
        allowed = 12 * (agree * (1 - agree) / words.numel()) ** 0.5
        assert same - agree < allowed, what
        assert agree - same < allowed, "no word comes twice in a row: draw each independently"


check_draw(torch.tensor([0.5, 0.25, 0.15, 0.1]), 2_000, 5)
### BEGIN HIDDEN TESTS
check_draw(torch.tensor([0.05, 0.0, 0.6, 0.3, 0.05]), 500, 12)
check_draw(torch.full((10,), 0.1), 4_000, 3)
### END HIDDEN TESTS
print("Chance, well weighed.")

# %% tags=["wrong"] fails=["test_draw"] why="all words with equal probability"
def draw_negatives(p, m, K):
    return torch.randint(len(p), (m, K))


# %% tags=["wrong"] fails=["test_draw"] why="K words, the same for every pair"
def draw_negatives(p, m, K):
    return torch.multinomial(p, K, replacement=True).expand(m, K)


# %% tags=["wrong"] fails=["test_draw"] why="one word for each pair, K times"
def draw_negatives(p, m, K):
    return torch.multinomial(p, m, replacement=True)[:, None].expand(m, K)


# %% tags=["wrong"] fails=["test_draw"] why="fixes the seed"
def draw_negatives(p, m, K):
    torch.manual_seed(0)
    return torch.multinomial(p, m * K, replacement=True).view(m, K)


# %% tags=["wrong"] fails=["test_draw"] why="no chance at all: as many of each as p says, in order"
def draw_negatives(p, m, K):
    place = (torch.arange(m * K) + 0.5) / (m * K)
    return torch.searchsorted(p.cumsum(0), place).clamp(max=len(p) - 1).view(m, K)


# %% tags=["wrong"] fails=["test_draw"] why="takes the power once more"
def draw_negatives(p, m, K):
    return torch.multinomial(p**0.75, m * K, replacement=True).view(m, K)


# %% tags=["wrong"] fails=["test_draw"] why="shape (K, m)"
def draw_negatives(p, m, K):
    return torch.multinomial(p, m * K, replacement=True).view(K, m)


# %% tags=["right"] why="numpy's choice"
def draw_negatives(p, m, K):
    weight = p.double().numpy()
    drawn = np.random.choice(len(p), size=(m, K), p=weight / weight.sum())  # noqa: NPY002
    return torch.tensor(drawn)


# %% tags=["right"] why="uniform numbers, looked up in the cumulative sum"
def draw_negatives(p, m, K):
    return torch.searchsorted(p.cumsum(0), torch.rand(m, K), right=True).clamp(max=len(p) - 1)


# %% tags=["right"] why="torch.distributions"
def draw_negatives(p, m, K):
    return torch.distributions.Categorical(probs=p).sample((m, K))


# %% [markdown]
# ## Task 4 · The loss (★★★, 15 minutes, 4 points)
#
# Each word has two vectors: $v$ when it is the centre, $u$ when it is the neighbour. For one real
# pair, and $K$ words drawn by chance:
#
# $$L = -\ln \sigma(v \cdot u) \;-\; \sum_{k=1}^{K} \ln \sigma(-v \cdot u_k), \qquad
# \sigma(a) = \frac{1}{1 + e^{-a}}$$
#
# `skipgram_loss(v, u, u_negative)`
#
# - **in:** `v`, float tensor (m, d), the centres; `u`, float tensor (m, d), the real neighbour of
#   each; `u_negative`, float tensor (m, K, d), the vectors of K chance words for each
# - **out:** a float tensor without dimensions: the **mean** of $L$ over the m pairs, in nats. The
#   $K$ terms inside $L$ are a sum
#
# Training needs its gradient with respect to all three (the second test). And a dot product may
# be 1,000: then $\sigma(-1000)$ is 0 for the computer, and its logarithm minus infinity, though
# the loss is an ordinary number: 1,000. Torch has a function for $\ln \sigma$ (the third test).

# %% tags=["solution"] id="skipgram_loss"
def skipgram_loss(v, u, u_negative):
    """Mean loss of m pairs: v (m, d), u (m, d), u_negative (m, K, d)."""
    ### BEGIN SOLUTION
    real = F.logsigmoid((v * u).sum(1))  # (m,)
    chance = F.logsigmoid(-(u_negative @ v[:, :, None]).squeeze(2))  # (m, K)
    return -(real + chance.sum(1)).mean()
    ### END SOLUTION


# %% tags=["test"] id="test_loss" points=2
# By hand, with vectors of a single number. With a = ln 3, sigma(a) = 3/4 and sigma(-a) = 1/4.
# Pair 1: v·u = a, chance: -a and 0. L = ln 4/3 + ln 4/3 + ln 2 = ln 32/9.
# Pair 2: v·u = 0, chance: a and -a. L = ln 2 + ln 4 + ln 4/3 = ln 32/3.
a = float(np.log(3))
expect_close(
    skipgram_loss(
        torch.tensor([[1.0], [2.0]]),
        torch.tensor([[a], [0.0]]),
        torch.tensor([[[-a], [0.0]], [[a / 2], [-a / 2]]]),
    ),
    (np.log(32 / 9) + np.log(32 / 3)) / 2,
    "the loss of two pairs",
    "Over the K chance words it is a sum, over the pairs a mean; the chance words have a minus "
    "inside the sigma, and each ln has a minus before it.",
    1e-5,
)


def check_loss(m, K, d, seed):
    v, u, u_negative = (made_up(*s, seed=seed + i) for i, s in enumerate([(m, d), (m, d), (m, K, d)]))
    wanted = 0.0
    for i in range(m):
        wanted += np.log1p(np.exp(-float(v[i] @ u[i]))) / m
        wanted += sum(np.log1p(np.exp(float(v[i] @ u_negative[i, k]))) for k in range(K)) / m
    before = v.clone(), u.clone(), u_negative.clone()
    L = skipgram_loss(v, u, u_negative)
    assert all(map(torch.equal, before, (v, u, u_negative))), "your loss changes what it is given"
    what = f"the loss of {m} pairs with {K} chance words each"
    assert isinstance(L, torch.Tensor), f"{what} should be a tensor, not {type(L).__name__}"
    hint = "Pair i has chance words of its own, u_negative[i]; and real pairs are v[i] with u[i]."
    expect_close(L, wanted, what, hint)


check_loss(5, 3, 4, seed=11)
### BEGIN HIDDEN TESTS
check_loss(4, 4, 4, seed=21)  # equal sizes: broadcasting would not notice
check_loss(1, 1, 7, seed=31)
check_loss(40, 10, 6, seed=41)
### END HIDDEN TESTS
print("Real pairs together, chance pairs apart.")

# %% tags=["test"] id="test_loss_gradient" points=1
def check_gradient(m, K, d, seed):
    v, u, u_negative = (
        made_up(*shape, seed=seed + i).requires_grad_()
        for i, shape in enumerate([(m, d), (m, d), (m, K, d)])
    )
    L = skipgram_loss(v, u, u_negative)
    assert isinstance(L, torch.Tensor) and L.requires_grad, (
        "the loss has lost its gradient: is there an .item(), a .detach(), or numpy in between?"
    )
    L.backward()
    # On paper: the gradient of -ln sigma(a) is -sigma(-a), that of -ln sigma(-a) is sigma(a).
    with torch.no_grad():
        pull = torch.sigmoid(-(v * u).sum(1, keepdim=True))  # (m, 1)
        push = torch.sigmoid((v[:, None] * u_negative).sum(2, keepdim=True))  # (m, K, 1)
        wanted = {
            "v": (-pull * u + (push * u_negative).sum(1)) / m,
            "u": -pull * v / m,
            "u_negative": push * v[:, None] / m,
        }
    for name, tensor in (("v", v), ("u", u), ("u_negative", u_negative)):
        assert tensor.grad is not None, f"no gradient reaches {name}: is it detached?"
        hint = "The pull of the real neighbour, and the push of each chance word."
        expect_close(tensor.grad, wanted[name], f"the gradient of {name}", hint)


check_gradient(3, 2, 5, seed=51)
### BEGIN HIDDEN TESTS
check_gradient(6, 6, 6, seed=61)
check_gradient(17, 4, 3, seed=71)
### END HIDDEN TESTS
print("All three can learn.")

# %% tags=["test"] id="test_loss_large" points=1
def check_large(vu, vn, wanted):
    """One pair with vectors of one number: v = 1."""
    leaves = [torch.tensor(x).requires_grad_() for x in ([[1.0]], [[vu]], [[[vn]]])]
    L = skipgram_loss(*leaves)
    what = f"the loss for v·u = {vu:g} and v·u_negative = {vn:g}"
    assert isinstance(L, torch.Tensor), f"{what} should be a tensor, not {type(L).__name__}"
    number = float(L.detach())
    assert np.isfinite(number), f"{what} is {number}. Use a ln sigma that does not overflow."
    expect_close(L, wanted, what, "A small number inside the logarithm only hides the trouble.", 1e-5)
    L.backward()
    for leaf in leaves:
        assert leaf.grad is not None, f"{what}: no gradient comes back"
        assert leaf.grad.isfinite().all(), f"{what} has a gradient that is NaN or infinite"
    pull = float(leaves[1].grad)
    assert abs(pull + 1 / (1 + np.exp(vu))) < 1e-4, (
        f"{what}: the gradient of u is {pull:.3g}, so a pair that is badly wrong would not be mended"
    )


check_large(-1000.0, -1000.0, 1000.0)
check_large(300.0, 300.0, 300.0)
### BEGIN HIDDEN TESTS
check_large(-200.0, 200.0, 400.0)
check_large(500.0, -500.0, 0.0)
check_large(-40.0, -3.0, 40 + float(np.log1p(np.exp(-3.0))))
### END HIDDEN TESTS
print("No number is too large.")

# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="mean over the chance words"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return -(F.logsigmoid((v * u).sum(1)) + chance.mean(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="sum over the pairs"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).sum()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient", "test_loss_large"] why="no minus inside: chance words are pulled too"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid((v[:, None] * u_negative).sum(2))
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient", "test_loss_large"] why="no minus in front: a likelihood, not a loss"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return (F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="every centre with every neighbour"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return -(F.logsigmoid(v @ u.T).mean(1) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="adds the chance words up inside the sigma"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v * u_negative.sum(1)).sum(1))
    return -(F.logsigmoid((v * u).sum(1)) + chance).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="all pairs share the first one's chance words"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v @ u_negative[0].T))
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient", "test_loss_large"] why="forgets the chance words"
def skipgram_loss(v, u, u_negative):
    return -F.logsigmoid((v * u).sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="bits"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean() / np.log(2)


# %% tags=["wrong"] fails=["test_loss", "test_loss_gradient"] why="cosines instead of dot products"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-F.cosine_similarity(v[:, None], u_negative, dim=2))
    return -(F.logsigmoid(F.cosine_similarity(v, u)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss_gradient"] why="chance words are detached: nothing pushes them"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative.detach()).sum(2))
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss_gradient"] why="returns a number without a gradient"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2))
    return torch.tensor(-(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean().item())


# %% tags=["wrong"] fails=["test_loss_large"] why="sigma first, then its logarithm"
def skipgram_loss(v, u, u_negative):
    chance = torch.sigmoid(-(v[:, None] * u_negative).sum(2)).log()
    return -(torch.sigmoid((v * u).sum(1)).log() + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss_large"] why="1 - sigma, which is 0 much sooner"
def skipgram_loss(v, u, u_negative):
    chance = (1 - torch.sigmoid((v[:, None] * u_negative).sum(2))).log()
    return -(F.logsigmoid((v * u).sum(1)) + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss_large"] why="a small number inside the logarithm"
def skipgram_loss(v, u, u_negative):
    chance = (torch.sigmoid(-(v[:, None] * u_negative).sum(2)) + 1e-9).log()
    return -((torch.sigmoid((v * u).sum(1)) + 1e-9).log() + chance.sum(1)).mean()


# %% tags=["wrong"] fails=["test_loss_large"] why="cuts the dot products off at 30"
def skipgram_loss(v, u, u_negative):
    chance = F.logsigmoid(-(v[:, None] * u_negative).sum(2).clamp(-30, 30))
    return -(F.logsigmoid((v * u).sum(1).clamp(-30, 30)) + chance.sum(1)).mean()


# %% tags=["right"] why="softplus and einsum"
def skipgram_loss(v, u, u_negative):
    real = torch.einsum("md,md->m", v, u)
    chance = torch.einsum("md,mkd->mk", v, u_negative)
    return F.softplus(-real).mean() + F.softplus(chance).sum() / len(v)


# %% tags=["right"] why="a classifier: real pairs are 1, chance pairs 0"
def skipgram_loss(v, u, u_negative):
    together = torch.cat([u[:, None], u_negative], dim=1)  # (m, 1 + K, d)
    score = (together * v[:, None]).sum(-1)
    label = torch.zeros_like(score)
    label[:, 0] = 1
    each = F.binary_cross_entropy_with_logits(score, label, reduction="none")
    return each.sum(1).mean()


# %% tags=["right"] why="pair by pair, with a sum of exponentials"
def skipgram_loss(v, u, u_negative):
    total = 0.0
    for centre, neighbour, others in zip(v, u, u_negative):
        a = torch.cat([-(centre @ neighbour)[None], others @ centre])
        total = total + torch.logaddexp(a, torch.zeros_like(a)).sum()
    return total / len(v)


# %% [markdown]
# ## Task 5 · Who is like me? (★★, 10 minutes, 2 points)
#
# Once there are vectors, the first question is: which words are most alike? The measure is the
# cosine of the angle between two vectors:
#
# $$\cos(x, y) = \frac{x \cdot y}{\|x\|\,\|y\|}$$
#
# `nearest(E, i, k)`
#
# - **in:** `E`, float tensor (n, d), one vector per word, of any length but never zero; `i`, a
#   word number; `k`, a whole number from 1 to n − 1
# - **out:** int64 tensor (k,): the words with the largest cosine to word `i`, largest first.
#   **Word `i` itself is never among them**

# %% tags=["solution"] id="nearest"
def nearest(E, i, k):
    """The k words (k,) whose vectors in E (n, d) have the largest cosine to that of word i."""
    ### BEGIN SOLUTION
    E = F.normalize(E, dim=1)
    cosine = E @ E[i]
    cosine[i] = -torch.inf
    return cosine.topk(k).indices
    ### END SOLUTION


# %% tags=["test"] id="test_nearest" points=2
def check_nearest(E, i, k, what, wanted=None):
    before = E.clone()
    found = nearest(E, i, k)
    assert torch.equal(E, before), "your nearest changes E: work on a copy"
    assert isinstance(found, torch.Tensor), f"a tensor is due, not a {type(found).__name__}"
    assert found.dtype == torch.int64, f"word numbers are int64, not {found.dtype}"
    expect_array(found, (k,), f"the {k} nearest to word {i}")
    found = found.tolist()
    assert i not in found, f"{what}: a word is not its own neighbour, but word {i} is in {found}"
    if wanted is None:
        vectors = E.double().numpy()
        cosine = [x @ vectors[i] / np.linalg.norm(x) for x in vectors]
        wanted = sorted((j for j in range(len(E)) if j != i), key=lambda j: -cosine[j])[:k]
    assert found == wanted, (
        f"{what}: the {k} nearest to word {i} are {wanted}, not {found}. Only the angle counts, "
        "not the length of a vector; and the nearest comes first."
    )


def at_angles(degrees, lengths):
    angle = torch.tensor(degrees) * np.pi / 180
    return torch.stack([angle.cos(), angle.sin()], dim=1) * torch.tensor(lengths)[:, None]


# By hand: five arrows at these angles, of different lengths.
arrows = at_angles([0.0, 50.0, -20.0, 120.0, 5.0], [1.0, 9.0, 2.0, 5.0, 0.1])
check_nearest(arrows, 0, 4, "five arrows", [4, 2, 1, 3])
check_nearest(arrows, 1, 2, "five arrows", [4, 0])
check_nearest(at_angles([0.0, 180.0, 91.0], [1.0, 1.0, 1.0]), 0, 2, "nobody near", [2, 1])
### BEGIN HIDDEN TESTS
check_nearest(at_angles([0.0, 170.0, 200.0, 95.0], [2.0, 1.0, 3.0, 1.0]), 0, 3, "all far", [3, 2, 1])
check_nearest(made_up(30, 6, seed=81) * made_up(30, 1, seed=82).exp(), 7, 12, "30 words")
check_nearest(made_up(6, 6, seed=83) + 1, 5, 5, "6 words")
twins = made_up(20, 5, seed=84)
twins[3] = 2 * twins[11]  # the same direction: cosine 1
check_nearest(twins, 11, 6, "two words of one direction")
check_nearest(twins, 3, 6, "two words of one direction")
check_nearest(at_angles([0.0, 92.0, 180.0, 91.0], [4.0, 1.0, 2.0, 1.0]), 0, 3, "far", [3, 1, 2])
### END HIDDEN TESTS
print("You know who is like whom.")

# %% tags=["wrong"] fails=["test_nearest"] why="dot products: long vectors win"
def nearest(E, i, k):
    score = E @ E[i]
    score[i] = -torch.inf
    return score.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="distance instead of the angle"
def nearest(E, i, k):
    distance = (E - E[i]).norm(dim=1)
    distance[i] = torch.inf
    return distance.topk(k, largest=False).indices


# %% tags=["wrong"] fails=["test_nearest"] why="finds itself first"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    return (E @ E[i]).topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="the least alike"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    cosine = E @ E[i]
    cosine[i] = torch.inf
    return cosine.topk(k, largest=False).indices


# %% tags=["wrong"] fails=["test_nearest"] why="gives itself a cosine of 0, still above the others"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    cosine = E @ E[i]
    cosine[i] = 0
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="gives itself -1, which is not below an opposite"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    cosine = E @ E[i]
    cosine[i] = -1
    return cosine.sort(descending=True, stable=True).indices[:k]


# %% tags=["wrong"] fails=["test_nearest"] why="takes opposite for alike"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    cosine = (E @ E[i]).abs()
    cosine[i] = -1
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="drops the first, which need not be itself"
def nearest(E, i, k):
    E = F.normalize(E.double(), dim=1)
    order = (E @ E[i]).topk(k + 1).indices
    return order[1:]


# %% tags=["wrong"] fails=["test_nearest"] why="normalises the columns"
def nearest(E, i, k):
    E = F.normalize(E, dim=0)
    cosine = E @ E[i]
    cosine[i] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="normalises E itself, in place"
def nearest(E, i, k):
    E /= E.norm(dim=1, keepdim=True)
    cosine = E @ E[i]
    cosine[i] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_nearest"] why="the right words, but not in order"
def nearest(E, i, k):
    E = F.normalize(E, dim=1)
    cosine = E @ E[i]
    cosine[i] = -torch.inf
    return cosine.topk(k).indices.sort().values


# %% tags=["right"] why="sorts all, then leaves itself out"
def nearest(E, i, k):
    cosine = F.cosine_similarity(E, E[i : i + 1], dim=1)
    order = cosine.argsort(descending=True)
    return order[order != i][:k]


# %% tags=["right"] why="distances, but between vectors of length 1"
def nearest(E, i, k):
    unit = E.numpy() / np.linalg.norm(E.numpy(), axis=1, keepdims=True)
    apart = ((unit - unit[i]) ** 2).sum(axis=1)
    apart[i] = np.inf
    return torch.from_numpy(np.argsort(apart)[:k])


# %% [markdown]
# ## Task 6 · Calculating with words (★★, 10 minutes, 2 points)
#
# *Man is to king as woman is to …?* Take the step from *man* to *king*, and go the same step from
# *woman*. With $\hat e$ for a vector brought to length 1:
#
# $$g = \hat e_b - \hat e_a + \hat e_c$$
#
# `analogy(E, a, b, c, k)` answers "a is to b as c is to …?"
#
# - **in:** `E`, float tensor (n, d), as in task 5; `a`, `b`, `c`, three different word numbers;
#   `k`, a whole number from 1 to n − 3
# - **out:** int64 tensor (k,): the words whose vectors have the largest cosine to $g$, largest
#   first. **None of the three words of the question is among them** (the second test). They lie
#   nearest to $g$ nearly always, and would be the answer to everything

# %% tags=["solution"] id="analogy"
def analogy(E, a, b, c, k):
    """a is to b as c is to ...: the k best answers (k,)."""
    ### BEGIN SOLUTION
    E = F.normalize(E, dim=1)
    cosine = E @ F.normalize(E[b] - E[a] + E[c], dim=0)
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices
    ### END SOLUTION


# %% tags=["test"] id="test_analogy" points=1
def check_analogy(E, a, b, c, k, what, wanted):
    before = E.clone()
    found = analogy(E, a, b, c, k)
    assert torch.equal(E, before), "your analogy changes E: work on a copy"
    assert isinstance(found, torch.Tensor), f"a tensor is due, not a {type(found).__name__}"
    assert found.dtype == torch.int64, f"word numbers are int64, not {found.dtype}"
    expect_array(found, (k,), f"the {k} best answers")
    found = [j for j in found.tolist() if j not in (a, b, c)]  # see the next test
    wanted = wanted[: len(found)]
    assert found == wanted, (
        f"{what}: {a} is to {b} as {c} is to {wanted}, not {found}. Bring every vector to length "
        "1 first; then b - a + c, and the largest cosine first."
    )


# By hand: words 0 to 3 have one number for 'royal' and one for 'female'; 4 and 5 are quite other
# words. Lengths differ, as in life: man, king, woman, queen, bread, sea.
E_hand = torch.tensor(
    [[1, 0, 0, 0.0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 1]]
) * torch.tensor([[3], [1], [8], [2], [5], [1]])
check_analogy(E_hand, 0, 1, 2, 3, "man, king, woman", [3, 4, 5])
# Arrows at 0, 60, 180, 150 and 90 degrees. With lengths 1 the goal points to 150 degrees; a long
# second arrow must not turn it.
E_arrows = torch.tensor([[1, 0], [5, 8.66], [-1, 0], [-0.866, 0.5], [0, 1]])
check_analogy(E_arrows, 0, 1, 2, 2, "five arrows", [3, 4])
### BEGIN HIDDEN TESTS
def answers(E, a, b, c):
    """All other words, the best answer first, computed apart from your functions."""
    unit = E.double().numpy()
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    score = unit @ (unit[b] - unit[a] + unit[c])
    return [j for j in np.argsort(-score).tolist() if j not in (a, b, c)]


for trial in range(10):
    E_random = made_up(40, 5, seed=100 + trial) * made_up(40, 1, seed=120 + trial).exp()
    a, b, c = torch.randperm(40)[:3].tolist()
    check_analogy(E_random, a, b, c, 8, "40 words of various lengths", answers(E_random, a, b, c))
E_nine = made_up(9, 4, seed=140)
check_analogy(E_nine, 8, 0, 3, 6, "9 words", answers(E_nine, 8, 0, 3))
### END HIDDEN TESTS
print("You can go one step further.")

# %% tags=["test"] id="test_analogy_excludes" points=1
def check_excludes(E, a, b, c, k):
    found = expect_array(analogy(E.clone(), a, b, c, k), (k,), f"the {k} best answers").tolist()
    for word, name in ((a, "a"), (b, "b"), (c, "c")):
        assert word not in found, (
            f"the question was {a}, {b}, {c}, and the answer {found} holds {word}, which is "
            f"{name} itself: leave out the three words of the question"
        )
    twice = [word for word, n in Counter(found).items() if n > 1]
    assert not twice, f"word {twice[0]:g} is there more than once"
    assert all(0 <= word < len(E) for word in found), f"{found} holds a number that is no word"


E_close = 0.2 * made_up(10, 4, seed=141) + 1  # all in one corner: b and c are always near
check_excludes(E_close, 0, 1, 2, 3)
check_excludes(E_close, 9, 4, 6, 7)
check_excludes(made_up(12, 3, seed=149), 1, 5, 8, 9)  # all that are left
### BEGIN HIDDEN TESTS
for trial in range(10):
    a, b, c = torch.randperm(12)[:3].tolist()
    check_excludes(made_up(12, 3, seed=150 + trial), a, b, c, 9)  # all that are left
    check_excludes(made_up(12, 3, seed=160 + trial) + 1, a, b, c, 2)
### END HIDDEN TESTS
print("And you do not answer a question with the question.")

# %% tags=["wrong"] fails=["test_analogy"] why="a - b + c: the step the wrong way"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ (E[a] - E[b] + E[c])
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="adds all three"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ (E[a] + E[b] + E[c])
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="calculates with the raw vectors: long ones decide"
def analogy(E, a, b, c, k):
    cosine = F.cosine_similarity(E, (E[b] - E[a] + E[c])[None], dim=1)
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="dot products with the raw vectors"
def analogy(E, a, b, c, k):
    score = E @ (F.normalize(E[b], dim=0) - F.normalize(E[a], dim=0) + F.normalize(E[c], dim=0))
    score[[a, b, c]] = -torch.inf
    return score.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="forgets c: the neighbours of the step"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ (E[b] - E[a])
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="neighbours of c alone"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ E[c]
    cosine[[a, b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy_excludes"] why="leaves out nothing"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    return (E @ (E[b] - E[a] + E[c])).topk(k).indices


# %% tags=["wrong"] fails=["test_analogy_excludes"] why="leaves out c only"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ (E[b] - E[a] + E[c])
    cosine[c] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy_excludes"] why="a stays in: it is far off only most times"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    cosine = E @ (E[b] - E[a] + E[c])
    cosine[[b, c]] = -torch.inf
    return cosine.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy_excludes"] why="takes k, then leaves out: too few are left"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    best = (E @ (E[b] - E[a] + E[c])).topk(k).indices.tolist()
    return torch.tensor([j for j in best if j not in (a, b, c)], dtype=torch.int64)


# %% tags=["wrong"] fails=["test_analogy_excludes"] why="-1 is not below every score"
def analogy(E, a, b, c, k):
    E = F.normalize(E, dim=1)
    score = E @ (E[b] - E[a] + E[c])
    score[[a, b, c]] = -1
    return score.topk(k).indices


# %% tags=["wrong"] fails=["test_analogy"] why="makes the three words zero in E itself"
def analogy(E, a, b, c, k):
    unit = F.normalize(E, dim=1)
    goal = unit[b] - unit[a] + unit[c]
    E[[a, b, c]] = -goal * 1e6
    return F.cosine_similarity(E, goal[None], dim=1).topk(k).indices


# %% tags=["right"] why="three cosines, added up: the same order"
def analogy(E, a, b, c, k):
    def like(i):
        return F.cosine_similarity(E, E[i][None], dim=1)

    order = (like(b) - like(a) + like(c)).argsort(descending=True).tolist()
    return torch.tensor([j for j in order if j not in {a, b, c}][:k])


# %% tags=["right"] why="searches among the other words only"
def analogy(E, a, b, c, k):
    unit = E / E.norm(dim=1, keepdim=True)
    others = torch.tensor([j for j in range(len(E)) if j not in (a, b, c)])
    goal = unit[b] - unit[a] + unit[c]
    near = (unit[others] - goal / goal.norm()).square().sum(1)
    return others[near.argsort()[:k]]


# %% [markdown]
# ## Task 7 · Vectors of your own (★★★, 15 minutes, 3 points)
#
# Put the parts together and train.
#
# `word_vectors(pairs, counts)`
#
# - **in:** `pairs`, int64 tensor (m, 2), rows `(centre, neighbour)`; `counts`, int64 tensor (n,)
# - **out:** float tensor (n, d), one vector for each word, with d at most 50, without a gradient
#
# This recipe does it in about four seconds on one core:
#
# 1. Two tables `v` and `u` of shape (n, 32), filled with normal numbers times 0.1.
# 2. At each of 600 steps, take 4,096 rows of `pairs` by chance, and 5 chance words for each of them.
#    `F.embedding(words, v)` looks up rows of a table, and its gradient is quick.
# 3. Adam on your loss. The learning rate falls in a straight line from 0.05 to 0.
# 4. Return `v + u`, without a gradient. (`v` alone does as well here.)
#
# **How good are vectors?** We take eight families of words (kin, numbers, animals, …), about 80 words
# in all. For each word we look for the three nearest among the others. The score is the share of
# them that belong to the same family. The hidden test asks the same about eight other families, and
# your points depend on the mean of the two scores:
#
# | at least | points | what gets you there |
# | --- | --- | --- |
# | 0.40 | 1 | the recipe, stopped after 100 steps: 0.49 to 0.55 |
# | 0.60 | 2 | vectors that start ten times as long: 0.66 to 0.70 |
# | 0.72 | 3 | the recipe: 0.78 to 0.81 |
#
# Random vectors score about 0.12. (Figures from runs with several seeds. They leave room for bad
# luck. On the families that you see, the recipe reaches 0.79 to 0.82.) Another way to make the vectors counts as well, if it starts from `pairs` and `counts`.

# %% tags=["solution"] id="word_vectors"
def word_vectors(pairs, counts):
    """One vector of at most 50 numbers for each word: (n, d)."""
    ### BEGIN SOLUTION
    n, steps, lr = len(counts), 600, 0.05
    v = (0.1 * torch.randn(n, 32)).requires_grad_()
    u = (0.1 * torch.randn(n, 32)).requires_grad_()
    p = noise_distribution(counts)
    optimiser = torch.optim.Adam([v, u], lr=lr)
    for t in range(steps):
        optimiser.param_groups[0]["lr"] = lr * (1 - t / steps)
        centre, neighbour = pairs[torch.randint(len(pairs), (4096,))].T
        chance = draw_negatives(p, 4096, 5)
        L = skipgram_loss(F.embedding(centre, v), F.embedding(neighbour, u), F.embedding(chance, u))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()
    ### END SOLUTION


# %% [markdown]
# Train once, and keep the vectors (no points for this cell; the test below uses them).

# %% tags=["heavy", "random"]
training.seed_everything(0)
E = None
try:
    E = word_vectors(W.pairs.clone(), W.counts.clone())
except NotImplementedError:
    print("word_vectors is still to be written.")

# %% tags=["test", "heavy"] id="test_word_vectors" points=3
FAMILIES = """father mother son daughter brother sister wife husband sons daughters brethren
two three four five six seven eight nine ten twelve twenty thirty hundred thousand
sheep oxen goats camels asses ass ram lamb bullock rams flocks cattle
egypt canaan israel judah jerusalem bethel syria moab hebron gilgal
king prince princes throne kingdom captain captains elders servants judge
went came returned departed passed fled arose journeyed
gold silver brass iron stone stones wood shittim
reuben simeon issachar zebulun dan gad asher naphtali benjamin manasseh ephraim"""


def family_score(E, families):
    """Share of the three nearest, within these families, that are of the word's own family."""
    family = [(W.index[word], g) for g, line in enumerate(families.split("\n")) for word in line.split()]
    words, g = torch.tensor(family).T
    unit = F.normalize(E[words], dim=1)
    cosine = (unit @ unit.T).fill_diagonal_(-2)
    return float((g[cosine.topk(3).indices] == g[:, None]).float().mean())


assert E is not None, (
    "there are no vectors: write word_vectors and what it uses, and run the cell that trains"
)
assert isinstance(E, torch.Tensor), f"word_vectors should return a tensor, not {type(E).__name__}"
assert E.ndim == 2, f"word_vectors should return shape (n, d), not {tuple(E.shape)}"
assert not E.requires_grad, "return the vectors without a gradient: .detach()"
assert E.shape[1] <= 50, f"at most 50 numbers a word, but these are {E.shape[1]}"
E_checked = torch.tensor(expect_array(E, (len(W.vocabulary), E.shape[1]), "the vectors"))
scores = [family_score(E_checked, FAMILIES)]
### BEGIN HIDDEN TESTS
OTHERS = """eyes mouth hand hands foot feet head face heart neck ears arm
bread wine oil flesh fruit meat water corn honey milk
sword spear battle army host bow smote slew fought
mountain valley hill river wilderness sea field plain city cities
day night morning even year years month days
said spake answered told called cried commanded saying
offering sacrifice incense altar blood trespass sin burnt
blue purple scarlet linen garments curtains skins"""
scores.append(family_score(E_checked, OTHERS))
### END HIDDEN TESTS
quality = np.mean(scores)
print(f"Of three nearest words, of the same family: {quality:.2f}. By chance: 0.12.")
partial_credit(1 - quality, [(0.60, 1), (0.40, 2), (0.28, 3)])

# %% tags=["wrong"] fails=["test_word_vectors"] why="random vectors, never trained"
def word_vectors(pairs, counts):
    return torch.randn(len(counts), 32)


# %% tags=["wrong"] fails=["test_word_vectors"] why="neighbours of other centres: shuffled apart"
def word_vectors(pairs, counts):
    v = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    u = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    optimiser = torch.optim.Adam([v, u], lr=0.05)
    for _ in range(300):
        centre = pairs[torch.randint(len(pairs), (2048,)), 0]
        neighbour = pairs[torch.randint(len(pairs), (2048,)), 1]
        chance = draw_negatives(noise_distribution(counts), 2048, 5)
        L = skipgram_loss(F.embedding(centre, v), F.embedding(neighbour, u), F.embedding(chance, u))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()


# %% tags=["wrong"] fails=["test_word_vectors"] why="the same first 2,048 pairs at each step"
def word_vectors(pairs, counts):
    v = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    u = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    optimiser = torch.optim.Adam([v, u], lr=0.05)
    for _ in range(300):
        centre, neighbour = pairs[:2048].T
        chance = draw_negatives(noise_distribution(counts), 2048, 5)
        L = skipgram_loss(F.embedding(centre, v), F.embedding(neighbour, u), F.embedding(chance, u))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()


# %% tags=["wrong"] fails=["test_word_vectors"] why="a learning rate of 0.001"
def word_vectors(pairs, counts):
    v = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    u = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    optimiser = torch.optim.Adam([v, u], lr=0.001)
    for _ in range(300):
        centre, neighbour = pairs[torch.randint(len(pairs), (4096,))].T
        chance = draw_negatives(noise_distribution(counts), 4096, 5)
        L = skipgram_loss(F.embedding(centre, v), F.embedding(neighbour, u), F.embedding(chance, u))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()


# %% tags=["wrong"] fails=["test_word_vectors"] why="the neighbours stand for the chance words too"
def word_vectors(pairs, counts):
    v = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    u = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    optimiser = torch.optim.Adam([v, u], lr=0.05)
    for _ in range(300):
        centre, neighbour = pairs[torch.randint(len(pairs), (2048,))].T
        real = F.embedding(neighbour, u)
        L = skipgram_loss(F.embedding(centre, v), real, real[:, None].expand(-1, 5, -1))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()


# %% tags=["wrong"] fails=["test_word_vectors"] why="stops after 100 steps: one point"
def word_vectors(pairs, counts):
    v = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    u = (0.1 * torch.randn(len(counts), 32)).requires_grad_()
    optimiser = torch.optim.Adam([v, u], lr=0.05)
    for _ in range(100):
        centre, neighbour = pairs[torch.randint(len(pairs), (4096,))].T
        chance = draw_negatives(noise_distribution(counts), 4096, 5)
        L = skipgram_loss(F.embedding(centre, v), F.embedding(neighbour, u), F.embedding(chance, u))
        optimiser.zero_grad()
        L.backward()
        optimiser.step()
    return (v + u).detach()


# %% tags=["wrong"] fails=["test_word_vectors"] why="the strongest patterns of the raw counts"
def word_vectors(pairs, counts):
    n = len(counts)
    C = torch.bincount(pairs[:, 0] * n + pairs[:, 1], minlength=n * n).view(n, n).float()
    U, S, _ = torch.svd_lowrank(C, q=32)
    return U * S.sqrt()


# %% tags=["wrong"] fails=["test_word_vectors"] why="parameters, still with a gradient"
def word_vectors(pairs, counts):
    return torch.nn.Embedding(len(counts), 32).weight


# %% tags=["wrong"] fails=["test_word_vectors"] why="the rows of PPMI, not squeezed"
def word_vectors(pairs, counts):
    n = len(counts)
    return ppmi(torch.bincount(pairs[:, 0] * n + pairs[:, 1], minlength=n * n).view(n, n).float())


# %% tags=["right"] why="counts, then squeezes: PPMI and an SVD"
def word_vectors(pairs, counts):
    n = len(counts)
    C = torch.zeros(n, n)
    C.index_put_((pairs[:, 0], pairs[:, 1]), torch.ones(len(pairs)), accumulate=True)
    U, S, _ = torch.svd_lowrank(ppmi(C), q=40, niter=4)
    return U * S.sqrt()


# %% tags=["right"] why="nn.Embedding, shuffled passes, two chance words, a classifier's loss"
def word_vectors(pairs, counts):
    n, steps = len(counts), 600
    centres, neighbours = torch.nn.Embedding(n, 40), torch.nn.Embedding(n, 40)
    for table in (centres, neighbours):
        torch.nn.init.uniform_(table.weight, -0.1, 0.1)
    optimiser = torch.optim.Adam([centres.weight, neighbours.weight], lr=0.05)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, total_iters=steps)
    p = counts.double() ** 0.75
    label = torch.tensor([1.0, 0.0, 0.0]).expand(4096, 3)
    rows = iter(())
    for _ in range(steps):
        if (batch := next(rows, None)) is None:
            rows = iter(torch.randperm(len(pairs)).split(4096)[:-1])
            batch = next(rows)
        chance = torch.multinomial(p, 2 * 4096, replacement=True).view(4096, 2)
        beside = neighbours(torch.cat([pairs[batch, 1:], chance], dim=1))  # (4096, 3, 40)
        score = torch.einsum("md,mkd->mk", centres(pairs[batch, 0]), beside)
        optimiser.zero_grad()
        (3 * F.binary_cross_entropy_with_logits(score, label)).backward()
        optimiser.step()
        schedule.step()
    return (centres.weight + neighbours.weight).detach()


# %% [markdown]
# Ask your vectors (no points for these cells). All they ever saw was which number stands beside
# which. Expect good neighbours and poor analogies: the step from one word to another is a small
# difference of two noisy vectors, and this is a third of the lecture's text.

# %% tags=["heavy", "random"]
if E is not None:
    for word in ("bread", "seven", "sister", "sword", "egypt", "went"):
        print(f"{word:7}", [W.vocabulary[j] for j in nearest(E, W.index[word], 6)])
    for question in ("man king woman", "father son mother", "he his she", "king servants priest"):
        a, b, c = (W.index[word] for word in question.split())
        best = [W.vocabulary[j] for j in analogy(E, a, b, c, 4)]
        print("{} is to {} as {} is to".format(*question.split()), best)

# %% tags=["heavy", "random"]
import matplotlib.pyplot as plt
from sklearn.manifold import TSNE

if E is not None:
    words = [(word, g) for g, line in enumerate(FAMILIES.split("\n")) for word in line.split()]
    chosen = F.normalize(E[[W.index[word] for word, _ in words]], dim=1).numpy()
    places = TSNE(perplexity=8, init="pca", random_state=SEED).fit_transform(chosen)
    figure, axis = plt.subplots(figsize=(10, 8))
    colours = [*plotting.DIGIT_COLOURS[:6], "#5D3A9B", "#000000"]
    for (x, y), (word, g) in zip(places, words):
        axis.text(x, y, word, color=colours[g], ha="center", va="center", fontsize=9)
    axis.set(xlim=(places[:, 0].min() - 1, places[:, 0].max() + 1), xticks=[], yticks=[])
    axis.set(ylim=(places[:, 1].min() - 1, places[:, 1].max() + 1))
    plotting.show(
        figure,
        "A map of about eighty words in eight colours. Most words of a colour stand together: kin, "
        "numbers, animals, places, rulers, ways of going, metals, and the tribes of Israel.",
    )

# %% [markdown]
# ## Task 8 · In your own words (★★, 10 minutes, 2 points)
#
# A newspaper reports on vectors that were trained on millions of news articles: "Asked *man is to
# doctor as woman is to …?*, the machine answered *nurse*. So it believes that women cannot be
# doctors." The researchers had used a function just like your `analogy`.
#
# In five to eight sentences: which answer could that function **not** give, whatever the vectors
# are, and why does this matter here? Does it follow that the vectors hold no prejudice? Where would
# such a prejudice come from? And name one thing you would compute to measure it more fairly.

# %% [markdown] tags=["written"] id="reflection" points=2
# ### BEGIN SOLUTION
# The function leaves out the three words of the question. So it can never answer *doctor*, even if
# *doctor* is nearest to the goal by far, which is likely: the goal is *doctor* plus a small step.
# *Nurse* may be no more than the best of what was left, so the answer says little about what the
# machine "believes" (Nissim, van Noord and van der Goot 2020 make this point). It does not follow
# that the vectors are free of prejudice. They come from who stands beside whom in the articles, and
# if these tell more often of women who nurse and men who are doctors, then the vectors hold it too.
# To measure it I would take the direction from *he* to *she*, averaged over several such pairs, and
# see where many names of occupations lie along it, compared with how many women really work in
# each, and with words that should have no gender.
#
# **Rubric.** **½ point** names *doctor* (or: any of the three words of the question) as the answer
# that cannot be given. **½ point** says what follows: the second best is reported as if it were the
# first, so the example alone proves little. **½ point** says that prejudice may be there all the
# same, and that it comes from the text the vectors were trained on. **½ point** one measurement that
# can really be made: a projection on a he–she direction over many words; the difference of the
# cosines to *man* and *woman*; the same question without leaving words out; the same question the
# other way round; comparison with real numbers of people or with a balanced text. Take nothing off
# for language.
# ### END SOLUTION
