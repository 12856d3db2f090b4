"""Texts of CSV files of every shape, the same ones in each run."""

from __future__ import annotations

import random

__all__ = ["HEADER", "made_texts"]

HEADER = ["id", "note", "extra"]


def made_texts() -> list[str]:
    """Texts of every shape: regular ones, and rows of signs that CSV readers differ on."""
    dice = random.Random(7)
    parts = [
        "a",
        "é",
        "x y",
        " ",
        "\t",
        "\x01",
        "\x1f",
        "\\",
        "'",
        '""',
        "\u2028",
        "\x85",
        "-1.50",
        "null",
        "#",
    ]
    wild = [*parts, '"', ",", "\n", "\r", "\r\n", ";"]
    texts = []
    for number in range(240):
        signs = wild if number % 2 else parts
        end = dice.choice(["\n", "\r\n", "\n", "\r"] if number % 2 else ["\n", "\r\n"])
        rows = []
        for _ in range(dice.randint(0, 6)):
            cells = []
            for _ in range(dice.choice([3, 3, 3, 2, 4, 1])):
                cell = "".join(dice.choices(signs, k=dice.randint(0, 3)))
                is_quoted = dice.random() < 0.3
                cells.append('"' + cell.replace('"', '""') + '"' if is_quoted else cell)
            rows.append(",".join(cells))
        bom = "\ufeff" if dice.random() < 0.1 else ""
        blank = end if dice.random() < 0.1 else ""
        last = dice.choice([end, ""])
        texts.append(bom + blank + end.join([",".join(HEADER), *rows]) + last)
    return texts
