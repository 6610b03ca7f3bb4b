"""Which editor a schema gets. Composite editors are imported on first use: they need rows, rows need this."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from designer.forms.editor import FieldEditor, FormScope
from designer.forms.expression_editors import ColumnEditor, ExpressionEditor, TableEditor
from designer.forms.pick_editors import BooleanEditor, DateEditor, EnumEditor, PathEditor
from designer.forms.schema import FieldKind, Schema
from designer.forms.text_editors import TEXT_EDITORS, NumberEditor

EXPRESSION_KINDS = frozenset(
    {FieldKind.EXPRESSION, FieldKind.CONDITION, FieldKind.CONDITION_LINE, FieldKind.TABLE, FieldKind.CODE}
)


def make_editor(
    kind: FieldKind, schema: Schema, scope: FormScope, parent: QWidget, *, name: str = "", depth: int = 0
) -> FieldEditor:
    """The editor for a resolved schema of this kind. `name` is the property it stands for."""
    match kind:
        case FieldKind.TEXT | FieldKind.MULTILINE | FieldKind.LOOSE:
            return TEXT_EDITORS[kind](schema, scope, parent)
        case FieldKind.INTEGER | FieldKind.NUMBER:
            return NumberEditor(schema, scope, parent, whole=kind is FieldKind.INTEGER)
        case FieldKind.BOOLEAN:
            return BooleanEditor(schema, scope, parent, name=name)
        case FieldKind.ENUM:
            return EnumEditor(schema, scope, parent)
        case FieldKind.DATE | FieldKind.DATE_TIME | FieldKind.TIME:
            return DateEditor(schema, scope, parent, kind=kind)
        case FieldKind.PATH_OPEN | FieldKind.PATH_SAVE:
            return PathEditor(schema, scope, parent, saves=kind is FieldKind.PATH_SAVE)
        case FieldKind.COLUMN:
            return ColumnEditor(schema, scope, parent)
        case FieldKind.EXPRESSION:
            return ExpressionEditor(schema, scope, parent, language="row")
        case FieldKind.CONDITION_LINE:
            return ExpressionEditor(schema, scope, parent, language="condition")
        case FieldKind.TABLE:
            return TableEditor(schema, scope, parent)
        case _:
            return _composite(kind, schema, scope, parent, depth)


def _composite(kind: FieldKind, schema: Schema, scope: FormScope, parent: QWidget, depth: int) -> FieldEditor:
    from designer.forms.choice_editor import ChoiceEditor
    from designer.forms.code_edit import CodeEditor
    from designer.forms.condition_editor import ConditionEditor
    from designer.forms.json_editor import JsonEditor
    from designer.forms.list_editor import ListEditor
    from designer.forms.map_editor import MapEditor
    from designer.forms.object_editor import ObjectEditor
    from designer.forms.schema_editor import InputsEditor

    match kind:
        case FieldKind.CODE:
            return CodeEditor(schema, scope, parent)
        case FieldKind.CONDITION:
            return ConditionEditor(schema, scope, parent)
        case FieldKind.OBJECT:
            return ObjectEditor(schema, scope, parent, depth=depth)
        case FieldKind.LIST:
            return ListEditor(schema, scope, parent, depth=depth)
        case FieldKind.MAP:
            return MapEditor(schema, scope, parent, depth=depth)
        case FieldKind.CHOICE:
            return ChoiceEditor(schema, scope, parent, depth=depth)
        case FieldKind.SCHEMA:
            return InputsEditor(schema, scope, parent)
        case _:
            return JsonEditor(schema, scope, parent)
