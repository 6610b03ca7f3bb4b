"""What is copied can be mailed and pasted; what is no workflow is refused in words."""

from __future__ import annotations

import pytest

from designer.document import clipboard
from engine.errors import WorkflowFileError
from engine.model import Connection, Node, Workflow

WORKFLOW = Workflow(
    id="w",
    name="Orders",
    nodes={
        "read": Node(id="read", type="file.read_csv", config={"parameters": {"path": "o.csv"}}),
        "keep": Node(id="keep", type="table.filter", title="Keep ”späte“", notes="why"),
        "write": Node(id="write", type="file.write_csv"),
    },
    connections={
        "a": Connection(id="a", source="read", target="keep"),
        "b": Connection(id="b", source="keep", target="write", condition="rows > 0"),
    },
    layout={"read": (0.0, 0.0), "keep": (368.0, 0.0), "write": (736.0, 0.0)},
)


def test_that_copied_nodes_come_back_with_their_wires_and_places() -> None:
    fragment = clipboard.from_text(clipboard.to_text(WORKFLOW, ["keep", "write"]))
    assert fragment.nodes == (WORKFLOW.nodes["keep"], WORKFLOW.nodes["write"])
    assert fragment.connections == (WORKFLOW.connections["b"],)
    assert fragment.incoming == (WORKFLOW.connections["a"],)
    assert fragment.layout == {"keep": (368.0, 0.0), "write": (736.0, 0.0)}


def test_that_copying_nothing_leaves_the_clipboard_alone() -> None:
    assert clipboard.to_text(WORKFLOW, []) == ""


@pytest.mark.parametrize("text", ["", "hello", "[1, 2]", "{}", '{"nodes": 3}', '{"nodes": [{"id": 1}]}', "{"])
def test_that_other_text_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(WorkflowFileError) as refused:
        clipboard.from_text(text)
    assert refused.value.message


@pytest.mark.parametrize("mark", ["", "> ", ">> ", ">\u00a0"])
def test_that_nodes_are_found_in_a_mail_with_words_around_them(mark: str) -> None:
    text = f"Hello,\nthese are the steps:\n\n{clipboard.to_text(WORKFLOW, ['keep'])}\n\nRegards {{A.}}\n"
    mail = "".join(f"{mark}{line}\n" for line in text.splitlines())
    assert clipboard.from_text(mail).nodes == (WORKFLOW.nodes["keep"],)


@pytest.mark.parametrize(
    ("plain", "typed"),
    [('"', "\u201c"), ('"', "\u201d"), ('"', "\u201e"), (" ", "\u00a0"), ("\n", "\r\n")],
)
def test_that_what_a_mail_program_typed_better_is_read(plain: str, typed: str) -> None:
    text = clipboard.to_text(WORKFLOW, ["read"]).replace(plain, typed)
    assert clipboard.seems_to_hold_nodes(text)
    assert clipboard.from_text(f"Hello {text} Regards").nodes == (WORKFLOW.nodes["read"],)


@pytest.mark.parametrize("broken", [" \n", "\n", "\n> "])
def test_that_lines_that_a_mail_program_broke_are_one_again(broken: str) -> None:
    node = Node(id="read", type="file.read_csv", notes="So many words that they do not fit")
    text = clipboard.to_text(Workflow(id="w", nodes={"read": node}), ["read"])
    begin = "> " if ">" in broken else ""
    mail = begin + text.replace("\n", f"\n{begin}").replace("words that", f"words{broken}that")
    assert clipboard.from_text(mail).nodes == (node,)


def test_that_a_piece_that_was_cut_off_is_refused() -> None:
    text = clipboard.to_text(WORKFLOW, ["keep", "write"])
    with pytest.raises(WorkflowFileError, match=r"^The copied text cannot be pasted\. Line \d+"):
        clipboard.from_text(text[: len(text) // 2])
