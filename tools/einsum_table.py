"""Writes crates/ops/src/einsum/table.json: what NumPy computes for many equations of einsum, for the tests there.

usage: python tools/einsum_table.py        (needs numpy; run from the repository's root)

The i-th element of the n-th operand is ((7 i + 3 n) % 11 - 5) / 4.
"""
import json

import numpy as np

# An equation, and the shapes of its operands.
EQUATIONS = [
    # One operand: the axes in another order, sums, diagonals.
    ("ij", [(2, 3)]), ("ji", [(2, 3)]), ("ij->ji", [(2, 3)]), ("ijk->kij", [(2, 3, 4)]), ("ij->", [(2, 3)]), ("ij->i", [(2, 3)]), ("ijk->ik", [(2, 3, 4)]),
    ("ii", [(3, 3)]), ("ii->i", [(3, 3)]), ("iji->j", [(2, 3, 2)]), ("iij->ji", [(2, 2, 3)]), ("iii->i", [(3, 3, 3)]), ("ijij->ij", [(2, 3, 2, 3)]), ("i->", [(4,)]), ("->", [()]),
    ("...", [(2, 3)]), ("...ij->...ji", [(2, 3, 4)]), ("i...->...i", [(2, 3, 4)]), ("i...->...", [(2, 3, 4)]), ("...ii->...i", [(2, 3, 3)]), ("i...j->j...", [(2, 3, 4)]), ("ba", [(2, 3)]), ("Ab->bA", [(2, 3)]),
    # Two: products of vectors, matrices and batches.
    ("i,i", [(4,), (4,)]), ("i,i->i", [(4,), (4,)]), ("i,j", [(3,), (4,)]), ("i,j->ji", [(3,), (4,)]), (",", [(), ()]), (",ij", [(), (2, 3)]),
    ("ij,jk", [(2, 3), (3, 4)]), ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk->ki", [(2, 3), (3, 4)]), ("ji,jk->ik", [(3, 2), (3, 4)]), ("ij,kj->ik", [(2, 3), (4, 3)]), ("ji,kj->ki", [(3, 2), (4, 3)]),
    ("ij,j->i", [(2, 3), (3,)]), ("i,ij->j", [(2,), (2, 3)]), ("ij,ij->", [(2, 3), (2, 3)]), ("ij,ij->i", [(2, 3), (2, 3)]), ("ij,ij->ij", [(2, 3), (2, 3)]), ("ij,ji->", [(2, 3), (3, 2)]), ("ij,ji->ij", [(2, 3), (3, 2)]), ("ij,j->ij", [(2, 3), (3,)]),
    ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("bij,bkj->bik", [(2, 3, 4), (2, 5, 4)]), ("bij,jk->bik", [(2, 3, 4), (4, 5)]), ("bij,bj->bi", [(2, 3, 4), (2, 4)]), ("ijb,jkb->ikb", [(3, 4, 2), (4, 5, 2)]), ("ibj,kbj->bik", [(3, 2, 4), (5, 2, 4)]),
    ("ijk,kjl->il", [(2, 3, 4), (4, 3, 5)]), ("ijk,jkl->il", [(2, 3, 4), (3, 4, 5)]), ("ijk,ljk->li", [(2, 3, 4), (5, 3, 4)]), ("iajb,bcad->cijd", [(2, 3, 2, 2), (2, 3, 3, 2)]), ("abc,bad->cd", [(2, 3, 4), (3, 2, 5)]),
    ("ij,kl", [(2, 3), (2, 2)]), ("ij,kl->iljk", [(2, 3), (2, 2)]), ("ij,k->", [(2, 3), (4,)]), ("ij,jk->", [(2, 3), (3, 4)]), ("ijk,k->ij", [(2, 3, 4), (4,)]), ("ii,i->i", [(3, 3), (3,)]), ("ii,jj->ij", [(3, 3), (2, 2)]), ("iij,jk->ik", [(2, 2, 3), (3, 4)]),
    # Attention and Dense.
    ("bqhd,bkhd->bhqk", [(2, 3, 2, 4), (2, 5, 2, 4)]), ("bhqk,bkhd->bqhd", [(2, 2, 3, 5), (2, 5, 2, 4)]), ("abc,cde->abde", [(2, 3, 4), (4, 2, 3)]), ("abde,cde->abc", [(2, 3, 2, 3), (4, 2, 3)]), ("aecd,abcd->acbe", [(2, 3, 2, 4), (2, 5, 2, 4)]), ("acbe,aecd->abcd", [(2, 2, 5, 3), (2, 3, 2, 4)]),
    # "..." and sizes of 1 broadcast.
    ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 2)]), ("...ij,jk->...ik", [(2, 3, 4), (4, 2)]), ("...ij,...jk->...ik", [(5, 2, 3, 4), (2, 4, 2)]), ("...ij,...jk->...ik", [(5, 1, 3, 4), (2, 4, 2)]), ("...a,...a->...", [(2, 3), (2, 3)]), ("...x,xy->...y", [(3,), (3, 2)]), ("ab...,bc->ac...", [(2, 3, 2, 2), (3, 4)]), ("i...,j...->ij...", [(2, 3), (4, 3)]), ("...,...", [(2, 3), (3,)]), ("...i,...j", [(2, 3), (2, 4)]),
    ("ij,jk", [(2, 1), (3, 4)]), ("ij,ij->ij", [(2, 1), (1, 3)]), ("ij,ij->", [(2, 1), (1, 3)]), ("i,i", [(1,), (4,)]), ("bij,bjk->bik", [(1, 3, 4), (2, 4, 5)]),
    # Three and more.
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]), ("ij,jk,kl", [(2, 5), (5, 2), (2, 3)]), ("i,j,k", [(2,), (3,), (2,)]), ("i,ij,j", [(3,), (3, 4), (4,)]), ("i,i,i->", [(4,), (4,), (4,)]), ("ij,ij,ij->ij", [(2, 3), (2, 3), (2, 3)]), ("ab,cd,ac,bd->", [(2, 3), (2, 2), (2, 2), (3, 2)]), ("ea,fb,abcd,gc,hd->efgh", [(2, 3), (2, 2), (3, 2, 2, 3), (2, 2), (2, 3)]),
    ("bi,ijk,bk->bj", [(2, 3), (3, 4, 2), (2, 2)]), ("ij,...jk,k->...i", [(2, 3), (2, 3, 4), (4,)]), ("ii,ij,jj->", [(3, 3), (3, 2), (2, 2)]), ("a,b,c,d,e->ace", [(2,)] * 5),
    # Spaces, and axes of size 0.
    (" i j , j k -> i k ", [(2, 3), (3, 4)]), ("ij,jk->ik", [(2, 0), (0, 3)]), ("ij,jk->ik", [(0, 2), (2, 3)]), ("ij->j", [(0, 3)]),
]

table = []
for equation, shapes in EQUATIONS:
    operands = [((7 * np.arange(np.prod(shape, dtype=int)) + 3 * n) % 11 - 5.0).reshape(shape) / 4 for n, shape in enumerate(shapes)]
    result = np.einsum(equation, *operands)
    table.append({"equation": equation, "shapes": shapes, "result": result.shape, "values": [float(f"{x:.12g}") for x in np.ravel(result)]})
with open("crates/ops/src/einsum/table.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in table) + "\n]\n")
print(len(table), "equations")
