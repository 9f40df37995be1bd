"""A line of ink for the tests, as a pen gives it."""

import numpy as np

from rnnapps.data.strokes.points import to_points


def letter(name: str, x: float) -> list[np.ndarray]:
    """The strokes of a letter from x on, 10 high and about as wide, over a baseline at 100."""
    turn = np.linspace(0, 2 * np.pi, 25)
    if name == "o":
        return [np.stack([x + 4 + 4 * np.sin(turn), 95 - 5 * np.cos(turn)], axis=1)]
    if name == "n":
        arch = np.linspace(np.pi, 0, 15)
        stem = np.stack([np.full(8, x), np.linspace(90, 100, 8)], axis=1)
        over = np.stack([x + 3.5 + 3.5 * np.cos(arch), 94 - 4 * np.sin(arch)], axis=1)
        return [np.concatenate([stem, stem[::-1], over, [[x + 7, 100], [x + 8, 99]]])]
    if name == "l":
        return [np.stack([np.full(20, x + 2.0), np.linspace(78, 100, 20)], axis=1)]
    if name == "p":
        return [np.stack([np.full(20, x + 1.0), np.linspace(90, 112, 20)], axis=1), *letter("o", x)]
    stem = np.stack([np.full(8, x + 2.0), np.linspace(90, 100, 8)], axis=1)
    return [stem, np.array([[x + 2.0, 84.0]])]  # i and its dot


def written():
    """The words `no pin ill on polo` in ink, float32 `(points, 3)`."""
    strokes = []
    for place, name in enumerate("no pin ill on polo"):
        strokes += letter(name, 12.0 * place) if name != " " else []
    return to_points(strokes, "ink")
