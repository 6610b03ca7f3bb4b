"""Which node types a search text means, best first."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.node_type import NodeType

_TITLE_START, _TITLE_WORD, _KEYWORD, _TITLE_PART, _SUMMARY, _LETTERS = 100, 90, 70, 60, 30, 10


def score(node_type: NodeType, query: str) -> int:
    """How well a type fits; 0 means not at all. Every word of the query has to be found somewhere."""
    words = query.lower().split()
    if not words:
        return 1
    scores = [_word_score(node_type, word) for word in words]
    return min(scores) and sum(scores)


def ranked(types: Iterable[NodeType], query: str) -> list[NodeType]:
    """The types that fit, best first, equal ones in their given order."""
    scored = [(score(node_type, query), node_type) for node_type in types]
    fitting = [(points, node_type) for points, node_type in scored if points]
    return [node_type for points, node_type in sorted(fitting, key=lambda pair: -pair[0])]


def _word_score(node_type: NodeType, word: str) -> int:
    title = node_type.title.lower()
    if title.startswith(word):
        return _TITLE_START
    if any(part.startswith(word) for part in title.split()):
        return _TITLE_WORD
    keywords = [keyword.lower() for keyword in node_type.keywords]
    if any(keyword.startswith(word) for keyword in keywords):
        return _KEYWORD
    if word in title:
        return _TITLE_PART
    described = [*node_type.summary.lower().split(), *node_type.id.lower().split(".")]
    if len(word) > 1 and any(part.startswith(word) for part in described):
        return _SUMMARY
    # Letters in order ("grpsum") or one slip of the finger ("fulter"), in the title or a keyword.
    texts = [title, *keywords]
    if len(word) > 2 and any(_in_order(word, text) or _one_slip(word, text) for text in texts):
        return _LETTERS
    return 0


def _in_order(letters: str, text: str) -> bool:
    """True when the letters occur in order, the first one at the start of a word."""
    starts = [position for position in range(len(text)) if position == 0 or text[position - 1] == " "]
    for start in starts:
        rest = iter(text[start:])
        if text[start:].startswith(letters[0]) and all(letter in rest for letter in letters):
            return True
    return False


def _one_slip(word: str, text: str) -> bool:
    """True when one swapped, missing, added or wrong letter away from the start of a word of `text`."""
    if len(word) < 4:
        return False
    for part in text.split():
        for length in (len(word) - 1, len(word), len(word) + 1):
            if _near(word, part[:length]):
                return True
    return False


def _near(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    swapped = len(rest_a) > 1 and len(rest_b) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
    return swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]
